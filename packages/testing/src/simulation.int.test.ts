import { createNativeMediaEngine, type MediaEngine } from '@ritmo/media';
import { createNativeSipStack, type EstablishedCall, type IncomingCall, type SipStack, type WireEnd } from '@ritmo/sip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAgents } from './agents.ts';
import type { HandledCall, SimulatedAgents } from './agents-port.ts';
import { startCarrier, type SimulatedCarrier } from './carrier.ts';
import { freeUdpPortRange } from './places.ts';
import { forkSimulator } from './simulator.ts';
import { waitFor } from './wait-for.ts';

const HOST = '127.0.0.1';
const ACCOUNTS = [
  { extension: '2001', password: 'secret-1' },
  { extension: '2002', password: 'secret-2' },
];

/** The least of a product: a registrar that dials numbers and connects whoever answers to an extension. */
class Exchange {
  readonly incoming: IncomingCall[] = [];
  sip!: SipStack;
  media!: MediaEngine;
  port = 0;
  private calls = 0;

  async start(): Promise<void> {
    this.media = createNativeMediaEngine({ host: HOST, portRange: await freeUdpPortRange(200), codecs: ['PCMA', 'PCMU'], thread: 'main' });
    await this.media.start();
    this.sip = createNativeSipStack({
      host: HOST,
      port: 0,
      transports: ['udp', 'tcp'],
      realm: 'exchange.test',
      userAgent: 'exchange',
      handlers: {
        classify: (_source, fromUser) => (/^200\d$/.test(fromUser) ? 'extension' : 'trunk'),
        credentialsOf: (user) => ACCOUNTS.filter((each) => each.extension === user).map((each) => ({ username: user, password: each.password }))[0],
        incoming: (call) => this.incoming.push(call),
        registered: () => undefined,
        unregistered: () => undefined,
      },
    });
    this.port = (await this.sip.start()).port;
  }

  async stop(): Promise<void> {
    await this.sip.stop();
    await this.media.stop();
  }

  /** Dials; resolves when the call is over. With an extension, whoever answers is connected to it. */
  async dial(carrier: { port: number }, number: string, extension?: string, cancelAfterMs?: number): Promise<WireEnd & { provisional: number[] }> {
    this.calls += 1;
    const id = `call-${this.calls}`;
    const session = this.media.createSession(id);
    const leg = await session.openLeg('customer', 'customer');
    const provisional: number[] = [];
    const end = await new Promise<WireEnd>((resolve) => {
      const attempt = this.sip.invite({
        uri: `sip:${number}@${HOST}:${carrier.port}`,
        from: { user: '551130000000' },
        sipCallId: `${id}@exchange.test`,
        body: leg.offer(),
        events: {
          provisional: (code) => provisional.push(code),
          failed: resolve,
          answered: (call, body) => {
            leg.accept(body);
            call.listen({ ended: resolve });
            if (extension !== undefined) void this.connect(call, session, extension);
          },
        },
      });
      if (cancelAfterMs !== undefined) setTimeout(() => attempt.cancel(), cancelAfterMs);
    });
    await session.close();
    return { ...end, provisional };
  }

  private async connect(customer: EstablishedCall, session: ReturnType<MediaEngine['createSession']>, extension: string): Promise<void> {
    const binding = await waitFor(() => this.sip.bindingOf(extension));
    const leg = await session.openLeg('agent', 'agent');
    let agent: EstablishedCall | undefined;
    this.sip.invite({
      uri: binding.contactUri,
      destination: binding.reachedAt,
      from: { user: '5511900000001' },
      sipCallId: `offer-${customer.sipCallId}`,
      headers: { 'X-Call': customer.sipCallId },
      body: leg.offer(),
      ringTimeoutMs: 1000,
      events: {
        failed: () => customer.hangup(),
        answered: (call, body) => {
          agent = call;
          leg.accept(body);
          session.bridge('customer', 'agent');
          call.listen({ ended: () => customer.hangup() });
        },
      },
    });
    await waitFor(() => this.sip.stats.dialogs >= 0 && agent, { timeoutMs: 3000 }).catch(() => undefined);
  }
}

describe('simulated carrier and agents', () => {
  let exchange: Exchange;
  let carrier: SimulatedCarrier;
  let agents: SimulatedAgents;
  const handled: HandledCall[] = [];

  beforeAll(async () => {
    exchange = new Exchange();
    await exchange.start();
    carrier = await startCarrier({
      seed: 1,
      channelLimit: 3,
      cpsLimit: 100,
      mix: { postDialDelayMs: 10, answerDelayMs: 50, talkMs: 400, hangsUpFirstP: 1, ringOutMs: 300 },
      rules: [
        { lastDigits: '01', behaviour: 'busy' },
        { lastDigits: '02', behaviour: 'no-answer' },
        { lastDigits: '03', behaviour: 'reject', sipCode: 603 },
        { lastDigits: '04', behaviour: 'invalid', sipCode: 404 },
        { lastDigits: '05', behaviour: 'early-media' },
        { lastDigits: '06', behaviour: 'answer', hangsUpFirst: false },
        { lastDigits: '07', behaviour: 'late-answer', answerDelayMs: 5000 },
      ],
    });
    agents = await startAgents({
      registrar: { host: HOST, port: exchange.port },
      accounts: ACCOUNTS,
      seed: 2,
      answerDelayMs: 50,
      talkMs: 600,
      hangsUpP: 1,
      wrapUpMs: 10,
      expiresS: 60,
      captureHeaders: ['X-Call'],
      onWrapUp: (call) => void handled.push(call),
    });
  });
  afterAll(async () => {
    await agents.stop();
    await carrier.stop();
    await exchange.stop();
  });

  it('register with digest, and are bound', async () => {
    await waitFor(() => agents.stats().registered === 2);
    expect(exchange.sip.bindingOf('2001')).toMatchObject({ user: '2001' });
    expect(agents.stats().registrationsFailed).toBe(0);
  });

  it.each([
    ['551199999901', 486],
    ['551199999902', 480],
    ['551199999903', 603],
    ['551199999904', 404],
  ])('refuses %s with %i', async (number, code) => {
    expect(await exchange.dial(carrier, number)).toMatchObject({ by: 'remote', sipCode: code });
    expect(carrier.stats().calls.at(-1)).toMatchObject({ number, sipCode: code, answeredAtMs: null });
  });

  it('answers, hears our sound, and hangs up first', async () => {
    const end = await exchange.dial(carrier, '551199999900');
    expect(end).toMatchObject({ by: 'remote', provisional: [180] });
    await waitFor(() => (carrier.stats().calls.at(-1)?.packetsHeard ?? 0) > 0);
    expect(carrier.stats().calls.at(-1)).toMatchObject({ endedBy: 'carrier', sipCode: 200 });
  });

  it('sends early media before its answer', async () => {
    expect((await exchange.dial(carrier, '551199999905')).provisional).toContain(183);
  });

  it('gives up its channel on CANCEL', async () => {
    expect(await exchange.dial(carrier, '551199999907', undefined, 150)).toMatchObject({ sipCode: 487 });
    await waitFor(() => carrier.stats().channels === 0);
    expect(carrier.stats().cancelled).toBe(1);
  });

  it('talks to an agent over both relays until the agent hangs up and wraps up', async () => {
    await exchange.dial(carrier, '551199999906', '2001');
    const call = await waitFor(() => handled.find((each) => each.extension === '2001'));
    expect(call).toMatchObject({ endedBy: 'agent', customer: '5511900000001', headers: { 'X-Call': expect.stringContaining('@exchange.test') } });
    expect(call.packetsHeard).toBeGreaterThan(10);
    expect(carrier.stats().calls.at(-1)).toMatchObject({ endedBy: 'far-end' });
    expect(agents.stats()).toMatchObject({ answered: 1, missed: 0, hungUpByAgent: 1, wrapUps: 1, talking: 0, offeredWhileBusy: 0 });
  });

  it('misses an offer', async () => {
    agents.change({ missP: 1 });
    await exchange.dial(carrier, '551199999906', '2002');
    await waitFor(() => agents.stats().missed === 1);
    agents.change({ missP: 0 });
  });

  it('sees a limit exceeded', async () => {
    await Promise.all(Array.from({ length: 4 }, () => exchange.dial(carrier, '551199999900')));
    const stats = carrier.stats();
    expect(stats.maxChannels).toBe(4);
    expect(stats.channelLimit).toBe(3);
    expect(stats.maxCps).toBeGreaterThanOrEqual(4);
    expect(stats.duplicateCallIds).toEqual([]);
    expect(stats.invitesSeen).toBe(Object.keys(stats.invitesByCallId).length);
  });

  it('calls in, and is heard', async () => {
    const calling = carrier.call({ host: HOST, port: exchange.port, to: '551140040000', from: '551188887777', talkMs: 300 });
    const call = await waitFor(() => exchange.incoming[0]);
    expect(call).toMatchObject({ toUser: '551140040000', fromUser: '551188887777' });
    const session = exchange.media.createSession('inbound');
    const leg = await session.openLeg('customer', 'customer');
    await call.answer(leg.answer(call.body));
    expect(await calling).toMatchObject({ answered: true, endedBy: 'carrier' });
    const { legs } = await session.close();
    expect(legs[0]?.packetsIn).toBeGreaterThan(5);
  });

  it('rejects beyond its limits when it is strict, and challenges when it wants credentials', async () => {
    const strict = await startCarrier({
      seed: 1,
      channelLimit: 1,
      rejectsBeyondLimits: true,
      credentials: { username: '551130000000', password: 'trunk-secret' },
      mix: { postDialDelayMs: 10, answerDelayMs: 300, talkMs: 100, hangsUpFirstP: 1 },
    });
    const dial = (sipCallId: string) =>
      new Promise<WireEnd>((resolve) => {
        exchange.sip.invite({
          uri: `sip:1@${HOST}:${strict.port}`,
          from: { user: '551130000000' },
          sipCallId,
          credentials: { username: '551130000000', password: 'trunk-secret' },
          body: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n',
          events: { failed: resolve, answered: (call) => call.listen({ ended: resolve }) },
        });
      });
    const first = dial('strict-1');
    await waitFor(() => strict.stats().channels === 1);
    expect(await dial('strict-2')).toMatchObject({ sipCode: 503 });
    expect(await first).toMatchObject({ by: 'remote' });
    expect(strict.stats()).toMatchObject({ invitesSeen: 2, rejectedBeyondLimit: 1, duplicateCallIds: [], maxChannels: 2 });
    await strict.stop();
  });

  it('frees the channel of a call whose caller died before it acknowledged the answer', async () => {
    const lonely = await startCarrier({ seed: 1, t1Ms: 10, mix: { postDialDelayMs: 5, answerDelayMs: 200 } });
    const dying = createNativeSipStack({
      host: HOST,
      port: 0,
      transports: ['udp'],
      realm: 'x',
      userAgent: 'x',
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    });
    await dying.start();
    const body = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n';
    dying.invite({ uri: `sip:1@${HOST}:${lonely.port}`, from: { user: '2' }, sipCallId: 'dying', body, events: { failed: () => undefined, answered: () => undefined } });
    await waitFor(() => lonely.stats().channels === 1);
    await dying.stop();
    await waitFor(() => lonely.stats().channels === 0);
    expect(lonely.stats()).toMatchObject({ answered: 0, byCode: { 408: 1 }, cancelled: 0 });
    await lonely.stop();
  });

  it('run in a process of their own, and report over IPC', async () => {
    const wrapUps: HandledCall[] = [];
    const registered: string[] = [];
    const simulator = await forkSimulator({ onWrapUp: (call) => void wrapUps.push(call), onRegistered: (extension) => registered.push(extension) });
    await agents.stop();
    const far = await simulator.startCarrier({ seed: 3, mix: { postDialDelayMs: 10, answerDelayMs: 20, talkMs: 300, hangsUpFirstP: 1 } });
    await simulator.startAgents({ registrar: { host: HOST, port: exchange.port }, accounts: ACCOUNTS, seed: 4, answerDelayMs: 20, talkMs: 5000, wrapUpMs: 10 });
    await waitFor(() => registered.length === 2);
    await exchange.dial(far, '5511988887777', '2002');
    const stats = await simulator.stats();
    expect(stats.carrier).toMatchObject({ invitesSeen: 1, answered: 1, hungUpByCarrier: 1, channels: 0 });
    expect(stats.agents).toMatchObject({ registered: 2, answered: 1 });
    await simulator.stopAgents();
    await simulator.stop();
    await expect(simulator.stats()).rejects.toThrow();
  });
});
