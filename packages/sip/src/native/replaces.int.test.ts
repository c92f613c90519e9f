import { afterEach, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { ANSWER, call, connected, OFFER, RecordedCall, RecordedInvite, Rig } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import type { DialogSnapshot } from '../port.ts';
import { createNativeSipStack } from './stack.ts';

/** INVITE with Replaces as the side that is asked (RFC 3891 3, 4). */
describe('an INVITE with Replaces', () => {
  const rig = new Rig();
  const peers: RawPeer[] = [];
  afterEach(async () => {
    await rig.close();
    for (const peer of peers.splice(0)) peer.close();
  });
  const rawPeer = (to: Party): Promise<RawPeer> => {
    const peer = new RawPeer();
    peers.push(peer);
    return peer.open(to.address.port);
  };
  const three = async () => ({ near: await rig.party(createNativeSipStack), far: await rig.party(createNativeSipStack), third: await rig.party(createNativeSipStack) });
  const replaces = (dialog: DialogSnapshot, more = ''): string => `${dialog.sipCallId};to-tag=${dialog.localTag};from-tag=${dialog.remoteTag ?? ''}${more}`;
  const refusal = async (third: Party, near: Party, value: string): Promise<number | undefined> => (await call(third, near, { headers: { Replaces: value } }).failed()).sipCode;

  it('says which call it takes the place of, and that one is hung up once it is answered', async () => {
    const { near, far, third } = await three();
    const { caller: replaced, callee } = await connected(near, far);
    const dialog = replaced.call.snapshot();
    const invite = call(third, near, { headers: { Replaces: replaces(dialog) } });
    const incoming = await near.nextCall();
    expect(incoming.replaces).toEqual({ sipCallId: dialog.sipCallId, toTag: dialog.localTag, fromTag: dialog.remoteTag, early: false });
    const taken = new RecordedCall(await incoming.answer(ANSWER));
    replaced.call.hangup();
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
    await invite.answered();
    expect(taken.ends).toEqual([]);
  });

  it('may take the place of a call of ours that still rings, which is then cancelled', async () => {
    const { near, third } = await three();
    const peer = await rawPeer(near);
    const ringing = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'rings', body: OFFER });
    peer.reply(await peer.next(/^INVITE/), '180 Ringing', 'phone');
    await ringing.ringing();
    const { localTag } = ringing.snapshot();
    const invite = call(third, near, { headers: { Replaces: `rings;to-tag=${localTag};from-tag=phone;early-only` } });
    const incoming = await near.nextCall();
    expect(incoming.replaces).toEqual({ sipCallId: 'rings', toTag: localTag, fromTag: 'phone', early: true });
    await incoming.answer(ANSWER);
    ringing.outgoing.cancel();
    await peer.next(/^CANCEL/);
    await invite.answered();
  });

  it('is 481 when there is no such dialog, also with only one tag right', async () => {
    const { near, far, third } = await three();
    const { caller } = await connected(near, far);
    const dialog = caller.call.snapshot();
    expect(await refusal(third, near, 'none;to-tag=1;from-tag=2')).toBe(481);
    expect(await refusal(third, near, replaces({ ...dialog, remoteTag: 'wrong' }))).toBe(481);
    expect(await refusal(third, near, replaces({ ...dialog, sipCallId: 'wrong' }))).toBe(481);
    expect(near.incoming).toEqual([]);
  });

  it('is 400 when it cannot be read, and 486 when it is for early dialogs only and the call is answered', async () => {
    const { near, far, third } = await three();
    const { caller } = await connected(near, far);
    expect(await refusal(third, near, 'no-tags-at-all')).toBe(400);
    expect(await refusal(third, near, replaces(caller.call.snapshot(), ';early-only'))).toBe(486);
  });

  it('is 603 when the call is being hung up', async () => {
    const { near, far, third } = await three();
    const { caller } = await connected(near, far);
    const dialog = caller.call.snapshot();
    await far.stack.stop();
    caller.call.hangup();
    expect(await refusal(third, near, replaces(dialog))).toBe(603);
  });

  it('is 481 for a call that rings here: only its caller may have it replaced', async () => {
    const { near, third } = await three();
    const peer = await rawPeer(near);
    peer.request('INVITE', { branch: 'one', callId: 'theirs', fromTag: 'caller', body: OFFER });
    const ringing = await near.nextCall();
    ringing.ring();
    const tag = /tag=(.*)/.exec(headerIn(await peer.next(/^SIP\/2.0 180/), 'To'))?.[1] ?? '';
    expect(await refusal(third, near, `theirs;to-tag=${tag};from-tag=caller`)).toBe(481);
    ringing.reject(486);
  });
});
