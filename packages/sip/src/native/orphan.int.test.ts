import { afterEach, describe, expect, it } from 'vitest';
import { ANSWER, call, OFFER, RecordedCall, Rig, until } from '../contract/rig.ts';
import type { DialogIds, DialogSnapshot } from '../port.ts';
import { createNativeSipStack } from './stack.ts';

const rig = new Rig();
afterEach(() => rig.close());
const party = (options?: Parameters<Rig['party']>[1]) => rig.party(createNativeSipStack, options);
const ids: DialogIds = { localTag: '00c0ffee00c0ffee', inviteBranch: 'z9hG4bK00c0ffee00c0ffee' };
const request = (uri: string) => ({ uri, from: { user: '1130001000' }, sipCallId: '1700000000.1@ritmo', dialogIds: ids });

describe('a call whose process died', () => {
  it('is known before its INVITE leaves, and is cancelled by that alone', async () => {
    const [near, far] = [await party(), await party()];
    const known = near.stack.snapshotOf(request(far.uri('119')));
    expect(JSON.parse(JSON.stringify(known))).toEqual(known);
    const invite = call(near, far, request(far.uri('119')));
    const incoming = await far.nextCall();
    expect(invite.snapshot()).toEqual(known);
    const cancels: unknown[] = [];
    incoming.onCancel((end) => cancels.push(end));
    incoming.ring();
    await invite.ringing();
    await near.stack.stop();
    const heir = await party({ port: near.address.port });
    expect(await heir.stack.endOrphan(known)).toEqual({ ended: true });
    expect(cancels).toHaveLength(1);
  });

  it('is cancelled though its INVITE was challenged and sent again after it was noted', async () => {
    const credentials = { username: '1001', password: 'secret' };
    const [near, far] = [await party(), await party({ handlers: { classify: () => 'extension', credentialsOf: () => credentials } })];
    const asked = { ...request(far.uri('119')), from: { user: '1001' }, credentials };
    const known = near.stack.snapshotOf(asked);
    const invite = call(near, far, asked);
    const incoming = await far.nextCall();
    const cancels: unknown[] = [];
    incoming.onCancel((end) => cancels.push(end));
    incoming.ring();
    await invite.ringing();
    expect(invite.snapshot().localCSeq).toBe(2);
    await near.stack.stop();
    const heir = await party({ port: near.address.port });
    expect(await heir.stack.endOrphan(known)).toEqual({ ended: true });
    expect(cancels).toHaveLength(1);
  });

  it('is ended by a process at another address, ringing or answered meanwhile', async () => {
    const [near, far] = [await party(), await party()];
    const rings = call(near, far, { sipCallId: 'rings' });
    const ringing = await far.nextCall();
    const cancels: unknown[] = [];
    ringing.onCancel((end) => cancels.push(end));
    ringing.ring();
    await rings.ringing();
    const answers = call(near, far, { sipCallId: 'answers' });
    const answering = await far.nextCall();
    answering.ring();
    await answers.ringing();
    const snapshots = [rings.snapshot(), answers.snapshot()];
    await near.stack.stop();
    const answered = answering.answer(ANSWER);
    const heir = await party();
    expect(await Promise.all(snapshots.map((snapshot) => heir.stack.endOrphan(snapshot)))).toEqual([{ ended: true }, { ended: true }]);
    expect(cancels).toHaveLength(1);
    expect(await new RecordedCall(await answered).ended()).toMatchObject({ by: 'remote' });
  });

  it('is settled soon after a far end that knows nothing of it said so', async () => {
    const [near, far] = [await party(), await party()];
    const began = performance.now();
    expect(await near.stack.endOrphan(near.stack.snapshotOf(request(far.uri('119'))))).toEqual({ ended: true });
    // 64*T1 is what a far end that does not answer costs.
    expect(performance.now() - began).toBeLessThan(64 * 60);
    expect(far.incoming).toEqual([]);
  });

  it('is acknowledged only when its dialog was noted, and before anything else is sent in it', async () => {
    const [near, far] = [await party(), await party()];
    const noted: DialogSnapshot[] = [];
    let confirm = (): void => undefined;
    const dial = (sipCallId: string) =>
      new Promise<RecordedCall>((resolve, reject) => {
        near.stack.invite({
          uri: far.uri('119'), from: { user: '113' }, sipCallId, body: OFFER,
          events: {
            confirms: (snapshot) => {
              noted.push(snapshot);
              return new Promise((resolveNoted) => (confirm = resolveNoted));
            },
            answered: (answered) => resolve(new RecordedCall(answered)),
            failed: (end) => reject(new Error(JSON.stringify(end))),
          },
        });
      });
    const first = dial('noted');
    let acknowledged = 0;
    const answered = (await far.nextCall()).answer(ANSWER).then((established) => {
      acknowledged += 1;
      return new RecordedCall(established);
    });
    const caller = await first;
    expect(noted).toMatchObject([{ state: 'confirmed', sipCallId: 'noted' }]);
    const before = far.stack.stats.retransmissions;
    await until('the 200 to be repeated', () => far.stack.stats.retransmissions > before);
    expect(acknowledged).toBe(0);
    confirm();
    const callee = await answered;
    expect(caller.ends).toEqual([]);
    caller.call.hangup();
    expect(await callee.ended()).toMatchObject({ by: 'remote' });

    const second = dial('hung up at once');
    const other = (await far.nextCall()).answer(ANSWER);
    (await second).call.hangup();
    expect(await new RecordedCall(await other).ended()).toMatchObject({ by: 'remote' });
    expect(far.troubles).toEqual([]);
  });
});
