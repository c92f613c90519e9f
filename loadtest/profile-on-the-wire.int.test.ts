/** Each field of a profile, as the far end that SIPp plays shows it to whoever calls it. */
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { CallPlan } from './plan.ts';
import type { Profile } from './profile.ts';
import { calleeCsv, calleeScenario, codesOf } from './scenarios.ts';
import { Sipp, sippMissing } from './sipp.ts';

const host = '127.0.0.1';
const missing = sippMissing();

interface Heard {
  readonly atMs: number;
  readonly first: string;
  readonly text: string;
}

/** A caller by hand: what it sends is what a test says, what it hears is all that came. */
interface Caller {
  readonly heard: Heard[];
  send(text: string): void;
  close(): void;
  readonly via: string;
}

let folder = '';
let calls = 0;

/** The tests run side by side, for each spends its time waiting: what one opens, its own end closes. */
type Ends = Pick<TestContext, 'onTestFinished'>;

async function farEnd({ onTestFinished }: Ends, plans: readonly CallPlan[], more: { readonly transport?: Profile['transport']; readonly lossPct?: number } = {}): Promise<number> {
  const codes = codesOf(plans);
  const name = `far${(calls += 1)}`;
  const sipp = await Sipp.start({ folder, host, name, scenario: calleeScenario(codes), csv: calleeCsv(plans, codes), transport: more.transport ?? 'udp', lossPct: more.lossPct ?? 0 });
  onTestFinished(() => sipp.stop());
  return sipp.port;
}

async function caller({ onTestFinished }: Ends, port: number, transport: Profile['transport'] = 'udp'): Promise<Caller> {
  const heard: Heard[] = [];
  const hear = (text: string): void => {
    for (const each of text.split(/(?=SIP\/2\.0 \d{3} |BYE sip:)/)) if (each.trim() !== '') heard.push({ atMs: performance.now(), first: each.split('\r\n')[0] ?? '', text: each });
  };
  if (transport === 'tcp') {
    const socket = connect(port, host);
    await new Promise<void>((done) => socket.once('connect', done));
    socket.on('data', (chunk) => hear(chunk.toString()));
    onTestFinished(() => void socket.destroy());
    return { heard, send: (text) => void socket.write(text), close: () => socket.destroy(), via: `SIP/2.0/TCP ${host}:${socket.localPort}` };
  }
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, host, done));
  socket.on('message', (packet) => hear(packet.toString()));
  const close = (): void => void socket.close();
  onTestFinished(close);
  return { heard, send: (text) => socket.send(text, port, host), close, via: `SIP/2.0/UDP ${host}:${socket.address().port}` };
}

const request = (from: Caller, method: string, call: string, more: { readonly cseq?: number; readonly to?: string } = {}): string =>
  [
    `${method} sip:11999990000@${host} SIP/2.0`, `Via: ${from.via};branch=z9hG4bK${call}${method === 'ACK' ? '' : method}`, 'From: <sip:1130001000@127.0.0.1>;tag=mine', `To: ${more.to ?? '<sip:11999990000@127.0.0.1>'}`,
    `Call-ID: ${call}`, `CSeq: ${more.cseq ?? 1} ${method}`, 'Max-Forwards: 70', `Contact: <sip:me@${host}>`, 'Content-Length: 0', '', '',
  ].join('\r\n');

async function until<T>(read: () => T | undefined, what: string, timeoutMs = 10_000): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; ) {
    const value = read();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const message = (of: Caller, start: string): Heard | undefined => of.heard.find(({ first }) => first.startsWith(start));
const plan = (some: Partial<CallPlan>): CallPlan => ({ postDialDelayMs: 0, progress: 'none', afterMs: 0, end: 'answers', cause: undefined, talkMs: undefined, ...some });

describe.skipIf(missing !== undefined).concurrent(`a profile on the wire${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-profile-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function called(test: Ends, one: CallPlan, transport: Profile['transport'] = 'udp'): Promise<{ readonly from: Caller; readonly call: string; readonly sentAtMs: number }> {
    const from = await caller(test, await farEnd(test, [one], { transport }), transport);
    const call = `call${(calls += 1)}`;
    const sentAtMs = performance.now();
    from.send(request(from, 'INVITE', call));
    return { from, call, sentAtMs };
  }
  /** The 200 is met with its ACK. */
  async function answered(from: Caller, call: string): Promise<Heard> {
    const ok = await until(() => from.heard.find(({ first, text }) => first.startsWith('SIP/2.0 200') && text.includes('INVITE')), 'the 200');
    from.send(request(from, 'ACK', call, { to: /^To: (.*)$/m.exec(ok.text)?.[1] ?? '' }));
    return ok;
  }

  it('that has answers alone can be run', async (test) => {
    const { from, call } = await called(test, plan({}));
    expect((await answered(from, call)).text).toContain('m=audio');
  });

  it('shows its post-dial delay, its ringing and its ring time', async (test) => {
    const { from, call, sentAtMs } = await called(test, plan({ postDialDelayMs: 400, progress: 'ringing', afterMs: 500 }));
    const ringing = await until(() => message(from, 'SIP/2.0 180'), '180');
    const ok = await answered(from, call);
    expect(message(from, 'SIP/2.0 100')?.atMs).toBeLessThan(ringing.atMs);
    // A pause never ends early; SIPp counts whole milliseconds.
    expect(ringing.atMs - sentAtMs).toBeGreaterThanOrEqual(395);
    expect(ok.atMs - ringing.atMs).toBeGreaterThanOrEqual(495);
    expect(ringing.text).not.toContain('m=audio');
  });

  it('shows early media with its SDP', async (test) => {
    const { from } = await called(test, plan({ progress: 'early-media', afterMs: 60_000 }));
    const early = await until(() => message(from, 'SIP/2.0 183'), '183');
    expect(early.text).toContain('m=audio');
    expect(message(from, 'SIP/2.0 180')).toBeUndefined();
  });

  it.for([[486, 17], [404, 1], [503, undefined], [302, undefined], [607, undefined]] as const)('refuses with %d and cause %s', async ([code, cause], test) => {
    const { from, call } = await called(test, plan({ end: code, cause }));
    const refusal = await until(() => message(from, `SIP/2.0 ${code}`), String(code));
    from.send(request(from, 'ACK', call));
    expect(/^Reason: (.*)$/m.exec(refusal.text)?.[1]?.trim()).toBe(cause === undefined ? undefined : `Q.850;cause=${cause}`);
    expect(message(from, 'SIP/2.0 180')).toBeUndefined();
  });

  it('hangs up first after its talk time, or waits', async (test) => {
    const hasty = await called(test, plan({ talkMs: 600 }));
    const patient = await called(test, plan({}));
    const up = await answered(hasty.from, hasty.call);
    await answered(patient.from, patient.call);
    const bye = await until(() => message(hasty.from, 'BYE'), 'BYE');
    expect(bye.atMs - up.atMs).toBeGreaterThanOrEqual(595);
    expect(message(patient.from, 'BYE')).toBeUndefined();
    patient.from.send(request(patient.from, 'BYE', patient.call, { cseq: 2 }));
    await until(() => patient.from.heard.find(({ first, text }) => first.startsWith('SIP/2.0 200') && text.includes('BYE')), 'the 200 to BYE');
  });

  it('is silent where it says so, with not even 100', async (test) => {
    const { from } = await called(test, plan({ end: 'silent' }));
    const witness = await called(test, plan({ end: 486 }));
    await until(() => message(witness.from, 'SIP/2.0 486'), '486 of the other call');
    expect(from.heard).toEqual([]);
  });

  it('is spoken over TCP', async (test) => {
    const { from, call } = await called(test, plan({ progress: 'ringing', afterMs: 50 }), 'tcp');
    expect((await answered(from, call)).text).toContain('SIP/2.0/TCP');
  });

  it('loses its share of the messages, and none without', async (test) => {
    const share = async (lossPct: number): Promise<number> => {
      const count = 60;
      const from = await caller(test, await farEnd(test, [plan({ progress: 'ringing', afterMs: 60_000 })], { lossPct }));
      for (let at = 0; at < count; at += 1) from.send(request(from, 'INVITE', `lossy${calls}-${at}`));
      // A call whose INVITE is not lost says 100 and 180; the last ones have had their time when nothing more comes.
      let before = -1;
      await until(() => {
        const isQuiet = from.heard.length === before && from.heard.length > 0 && performance.now() - (from.heard.at(-1)?.atMs ?? 0) > 1_500;
        before = from.heard.length;
        return isQuiet ? true : undefined;
      }, 'quiet', 20_000);
      return from.heard.filter(({ first }) => first.startsWith('SIP/2.0 1')).length / (2 * count);
    };
    const [whole, kept] = await Promise.all([share(0), share(50)]);
    expect(whole).toBe(1);
    // Half of the INVITEs come in, half of the responses go out: a quarter, within what chance leaves to 60 calls.
    expect(kept).toBeGreaterThan(0.05);
    expect(kept).toBeLessThan(0.5);
  });
});
