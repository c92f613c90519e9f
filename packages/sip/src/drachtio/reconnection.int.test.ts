import { afterAll, describe, expect, it } from 'vitest';
import { ANSWER, call, connected, OFFER, RecordedCall, ringing, until } from '../contract/rig.ts';
import { RawPeer } from '../contract/raw-peer.ts';
import { DoubleRig } from './double-rig.ts';

const rig = new DoubleRig();
// Side by side, for they wait for timers: all is closed when the last one has ended.
afterAll(() => rig.close());
const near = rig.near.bind(rig);
const far = rig.far.bind(rig);

type Near = Awaited<ReturnType<typeof near>>;
const LOST = { by: 'transport', reasonPhrase: 'the connection to drachtio-server was lost' };

async function replaced({ double, stack }: Near, meanwhile: () => unknown = () => undefined): Promise<void> {
  await double.die();
  await until('the connection to end', () => !stack.isUp);
  await meanwhile();
  await double.comeBack();
}

describe.concurrent('the drachtio adapter, its connection lost', () => {
  it('survives a corrupted frame: calls on their way fail, it reconnects, and standing calls can still be ended', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    const { invite } = await ringing(here, there);
    here.double.corrupt();
    expect(await invite.failed()).toMatchObject({ by: 'transport' });
    expect(here.troubles[0]?.message).toContain('missing length specifier');
    await until('the reconnection', () => here.double.authenticated.length === 2 && here.stack.isUp);
    const again = call(here, there);
    (await there.nextCall()).reject(486);
    expect(await again.failed()).toMatchObject({ sipCode: 486 });
    caller.call.hangup();
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
  });

  it('learns after a reconnection which calls were hung up meanwhile, and keeps the others', async () => {
    const [here, there] = [await near(), await far()];
    const [first, second] = [await connected(here, there), await connected(here, there)];
    here.double.corrupt();
    await until('the connection to end', () => !here.stack.isUp);
    first.callee.call.hangup();
    expect(await first.caller.ended()).toMatchObject({ by: 'transport' });
    expect(second.caller.ends).toEqual([]);
    expect(here.stack.isUp).toBe(true);
    second.caller.call.hangup();
    expect(await second.callee.ended()).toMatchObject({ by: 'remote' });
  });

  it('cancels what still rings when it is back, and only then says that those calls failed', async () => {
    const [here, there] = [await near(), await far()];
    const { invite, cancels } = await ringing(here, there);
    const ends: number[] = [];
    here.double.corrupt();
    await until('the connection to end', () => {
      if (here.stack.isUp) return false;
      ends.push(invite.failures.length);
      return true;
    });
    expect(ends).toEqual([0]);
    expect(await invite.failed()).toEqual(LOST);
    await until('the CANCEL', () => cancels.length === 1);
    expect(cancels).toMatchObject([{ by: 'remote', sipCode: 487, q850: 41 }]);
    expect(here.stack.stats.transactions).toBe(0);
  });

  it('hangs up what was answered while nobody heard, though the server lives and has forgotten who asked', async () => {
    const [here, there] = [await near(), await far()];
    const { invite, incoming } = await ringing(here, there);
    here.double.readsAfterMs = 300;
    here.double.corrupt();
    await until('the connection to end', () => !here.stack.isUp);
    const callee = incoming.answer(ANSWER).then((established) => new RecordedCall(established));
    expect(await invite.failed()).toEqual(LOST);
    expect(await (await callee).ended()).toMatchObject({ by: 'remote' });
    expect(invite.answers).toEqual([]);
  });

  it('refuses a caller who still hears it ring, and tells that the call is over', async () => {
    const [here, there] = [await near(), await far()];
    const { invite, incoming, cancels } = await ringing(there, here);
    here.double.corrupt();
    await until('the end of it', () => cancels.length === 1);
    expect(cancels).toEqual([LOST]);
    await expect(incoming.answer(ANSWER)).rejects.toThrow(LOST.reasonPhrase);
    expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 480 });
  });

  it('keeps a call whose ACK came while nobody heard', async () => {
    const [here, there] = [await near(), await far()];
    const raw = await new RawPeer().open(here.address.port);
    raw.request('INVITE', { branch: 'i', callId: 'unheard', body: OFFER });
    const answered = (await here.nextCall()).answer(ANSWER);
    const ok = await raw.next(/^SIP\/2.0 200/);
    here.double.corrupt();
    await until('the connection to end', () => !here.stack.isUp);
    const to = /^To: (.*)\r$/m.exec(ok)?.[1] ?? '';
    raw.request('ACK', { branch: 'a', callId: 'unheard', to });
    const call = new RecordedCall(await answered);
    await until('the reconnection', () => here.stack.isUp);
    raw.reply(await raw.next(/^OPTIONS /), '200 OK', '');
    call.call.hangup();
    raw.reply(await raw.next(/^BYE /), '200 OK', '');
    expect(await call.ended()).toMatchObject({ by: 'local' });
    expect(there.incoming).toEqual([]);
    raw.close();
  });

});

describe.concurrent('the drachtio adapter, its server dead and another one in its place', () => {
  it('ends here and at the far end the calls that a server took with it when it died', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    await replaced(here);
    expect(await caller.ended()).toMatchObject({ by: 'transport' });
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
    expect(here.stack.stats.dialogs).toBe(0);
  });

  it('ends at the far end too what was hung up while there was no server', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    await replaced(here, () => caller.call.hangup());
    expect(caller.ends).toEqual([]);
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
    expect(await caller.ended()).toMatchObject({ by: 'local' });
    expect(here.stack.stats.dialogs).toBe(0);
  });

  it('ends by BYE what still rings there (RFC 3261 15), and what was answered meanwhile', async () => {
    const [here, there] = [await near(), await far()];
    const [rings, answers] = [await ringing(here, there), await ringing(here, there)];
    const callees: Promise<RecordedCall>[] = [];
    await replaced(here, () => {
      callees.push(answers.incoming.answer(ANSWER).then((established) => new RecordedCall(established)));
      expect([rings.invite.failures, answers.invite.failures]).toEqual([[], []]);
    });
    expect(await rings.invite.failed()).toEqual(LOST);
    expect(await answers.invite.failed()).toEqual(LOST);
    await until('the end of what rang', () => rings.cancels.length === 1);
    expect(await (await callees[0])?.ended()).toMatchObject({ by: 'remote', q850: 41 });
    expect([here.stack.stats.transactions, here.stack.stats.dialogs, answers.invite.answers]).toEqual([0, 0, []]);
  });

  it('goes by the proxies that recorded their route', async () => {
    const [here, proxy] = [await near(), await new RawPeer().open(0)];
    const invite = call(here, here, { destination: { host: '127.0.0.1', port: proxy.port, transport: 'udp' }, uri: 'sip:55@192.0.2.1' });
    const lines = `Record-Route: <sip:127.0.0.1:${proxy.port};lr>\r\n`;
    proxy.reply(await proxy.next(/^INVITE /), '180 Ringing', 'far', lines);
    await invite.ringing();
    await replaced(here);
    const bye = await proxy.next(/^BYE /);
    expect(bye).toContain(`Route: <sip:127.0.0.1:${proxy.port};lr>\r\n`);
    expect(bye).toMatch(/^To: .*;tag=far\r$/m);
    proxy.reply(bye, '200 OK', '');
    expect(await invite.failed()).toEqual(LOST);
    proxy.close();
  });

  it('cancels in the name of the dead one what had not rung yet, and hangs up what was answered at once', async () => {
    const [here, there] = [await near(), await far()];
    const silent = call(here, there);
    const unheard = await there.nextCall();
    const cancels: unknown[] = [];
    unheard.onCancel((end) => cancels.push(end));
    const quick = call(here, there);
    const answers = await there.nextCall();
    await until('both to be sent', () => [silent, quick].every((invite) => invite.snapshot().via !== undefined));
    const callees: Promise<RecordedCall>[] = [];
    await replaced(here, () => callees.push(answers.answer(ANSWER).then((established) => new RecordedCall(established))));
    expect([await silent.failed(), await quick.failed()]).toEqual([LOST, LOST]);
    expect(cancels).toHaveLength(1);
    expect(await (await callees[0])?.ended()).toMatchObject({ by: 'remote' });
    expect([here.stack.stats.transactions, silent.snapshot().remoteTag]).toEqual([0, undefined]);
  });

  it('counts a call of which nothing was heard, and which nobody can end, until its time to ring is over', async () => {
    const [here, silent] = [await near(), await new RawPeer().open(0)];
    const invite = call(here, here, { destination: { host: '127.0.0.1', port: silent.port, transport: 'udp' }, ringTimeoutMs: 2_500 });
    await silent.next(/^INVITE /);
    await replaced(here);
    await until('the reconnection', () => here.stack.isUp);
    expect([invite.failures, here.stack.stats.transactions]).toEqual([[], 1]);
    expect(await invite.failed()).toEqual(LOST);
    expect(here.stack.stats.transactions).toBe(0);
    silent.close();
  });

  it('gives a call up that was being cancelled and that nobody can end', async () => {
    const [here, silent] = [await near(), await new RawPeer().open(0)];
    const invite = call(here, here, { destination: { host: '127.0.0.1', port: silent.port, transport: 'udp' } });
    await silent.next(/^INVITE /);
    invite.outgoing.cancel({ q850: 26 });
    await replaced(here);
    await until('the reconnection', () => here.stack.isUp);
    expect(invite.failures).toEqual([]);
    expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
    expect(here.stack.stats.transactions).toBe(0);
    silent.close();
  });

  it('tells that a caller who was rung is gone: his CANCEL will not be heard', async () => {
    const [here, there] = [await near(), await far()];
    const { invite, incoming, cancels } = await ringing(there, here);
    await replaced(here);
    await until('the end of it', () => cancels.length === 1);
    expect(cancels).toEqual([LOST]);
    await expect(incoming.answer(ANSWER)).rejects.toThrow(LOST.reasonPhrase);
    invite.outgoing.cancel();
    await invite.failed();
  });
});
