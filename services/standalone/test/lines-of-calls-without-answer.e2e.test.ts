/** The lines of calls that nobody answered and of calls between extensions (manual 1.2.1.1, 1.2.1.2, 1.2.1.6), of real SIP calls. */
import { createNativeSipStack, type EstablishedCall, type OutgoingCall, type SipStack } from '@ritmo/sip';
import { RtpTalker, tone, writePhoneSdp } from '@ritmo/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentPassword } from '../src/demo/demo-config.ts';
import { until, WholeSystem } from './whole-system.ts';

const patience = 120_000;
let system: WholeSystem;
let phone: SipStack;
let lines: readonly string[];

const api = (call: string): Promise<string> => system.api(call);
const nobodyTalks = (): Promise<unknown> =>
  until('nobody talks', async () => (await system.ritmo.foundations.context.bus.request('acd.agents', {})).agents.every(({ state }) => state !== 'talking' && state !== 'ringing'));

/** Every line of calls until they are over, without their ids: `<A><2001><…><#>`. */
async function linesOf(from: number, ends: number): Promise<readonly string[]> {
  await until(`${ends} lines <H>`, () => lines.slice(from).filter((line) => line.startsWith('<H>')).length === ends);
  await nobodyTalks();
  return lines.slice(from).filter((line) => !line.startsWith('<S>')).map((line) => line.replace(/<\d{10}\.\d+>$/, '<#>'));
}

beforeAll(async () => {
  system = await WholeSystem.start({
    name: 'unanswered', agents: 3, apiKey: 'db39eded0adfd54d1ce03d23dc333787',
    carrier: {
      seed: 7,
      rules: [
        { lastDigits: '984160701', behaviour: 'busy' },
        { lastDigits: '984160702', behaviour: 'no-answer' },
      ],
    },
    seed: ({ queues }) => ({
      sharedExtensions: [{ id: 1, extension: '50001', password: agentPassword('50001') }],
      queues: [{ ...queues?.[0], numbers: ['1140040000'], ringTimeoutS: 60, wrapUpS: 0 }],
    }),
    phones: { seed: 8, extensions: ['2001', '2002', '50001'], answerDelayMs: { min: 300, max: 400 }, talkMs: { min: 2_500, max: 3_000 }, hangsUpP: 1 },
  });
  phone = createNativeSipStack({
    host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'phone', userAgent: 'phone of 2003',
    handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => call.reject(486), registered: () => undefined, unregistered: () => undefined },
  });
  await phone.start();
  system.closeFirst(() => phone.stop());
  const registration = phone.register({
    registrar: { host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0, transport: 'udp' }, user: '2003', domain: '127.0.0.1', credentials: { username: '2003', password: agentPassword('2003') }, expiresS: 300, changed: () => undefined,
  });
  system.closeFirst(() => registration.stop());
  await system.ready(3);
  lines = system.lines();
  await until('a line, so it is connected', async () => (await api('set_status?ramal=2002&status_id=7')) !== '' && lines.includes('<S><2002><7><Feedback>'));
  await api('set_status?ramal=2002&status_id=1');
  await until('2002 is back', () => lines.includes('<S><2002><1><Logado>'));
}, patience);

afterAll(() => system.stop(), patience);

it('an own call to a busy number: <A> and <H>', { timeout: patience }, async () => {
  const from = lines.length;
  expect(await api('discar?numero=11984160701&ramal=2001')).toBe('DISCANDO');
  expect(await linesOf(from, 1)).toEqual(['<A><2001><11984160701><#>', '<H><2001><#>']);
});

it('an own call that nobody answers and that the agent gives up: <A> and <H>', { timeout: patience }, async () => {
  const from = lines.length;
  expect(await api('discar?numero=11984160702&ramal=2001')).toBe('DISCANDO');
  expect(await linesOf(from, 1)).toEqual(['<A><2001><11984160702><#>', '<H><2001><#>']);
});

async function call(to: string): Promise<{ readonly outgoing: OutgoingCall; established(): EstablishedCall | undefined }> {
  const talker = await RtpTalker.open({ host: '127.0.0.1', words: tone(700, 'PCMA'), ssrc: 7 });
  system.closeFirst(() => talker.close());
  let established: EstablishedCall | undefined;
  const outgoing = phone.invite({
    uri: `sip:${to}@127.0.0.1:${system.ritmo.ports.sip}`, from: { user: '2003' }, sipCallId: `unanswered-${to}-${Math.random()}`,
    body: writePhoneSdp({ host: '127.0.0.1', port: talker.port, codecs: ['PCMA'] }), credentials: { username: '2003', password: agentPassword('2003') },
    events: {
      provisional: () => undefined,
      answered: (answered) => {
        established = answered;
        answered.listen({ ended: () => undefined, reoffer: () => writePhoneSdp({ host: '127.0.0.1', port: talker.port, codecs: ['PCMA'] }) });
      },
      failed: () => undefined,
    },
  });
  return { outgoing, established: () => established };
}

it('a call from one extension to another: <A> of the caller, <R> of who answers, <H> of both', { timeout: patience }, async () => {
  const from = lines.length;
  const { established } = await call('2002');
  await until('the answer', established);
  const told = await linesOf(from, 2);
  expect(told.slice(0, 2)).toEqual(['<A><2003><2002><#>', '<R><2002><2003><2002><#>']);
  expect(told.slice(2).sort()).toEqual(['<H><2002><#>', '<H><2003><#>']);
});

it('calls of who is logged in at a shared desk phone name the own extension', { timeout: patience }, async () => {
  expect(await api('login_hardphone?ramal=2002&hardphone=50001')).toBe('RAMAL LOGADO COM SUCESSO');
  const from = lines.length;
  const { established } = await call('2002');
  await until('the answer', established);
  const told = await linesOf(from, 2);
  expect(system.agents.stats().byExtension['50001']?.answered).toBe(1);
  expect(told.slice(0, 2)).toEqual(['<A><2003><2002><#>', '<R><2002><2003><2002><#>']);
  expect(told.slice(2).sort()).toEqual(['<H><2002><#>', '<H><2003><#>']);
  expect(await api('logout_hardphone?ramal=2002')).toBe('RAMAL DESLOGADO COM SUCESSO');
  expect(await api('login?ramal=2002')).toBe('RAMAL LOGADO COM SUCESSO');
});

it('a call from one extension to another that is not answered: <A> and <H> of the caller only', { timeout: patience }, async () => {
  system.agents.change({ missP: 1 });
  const from = lines.length;
  const { outgoing } = await call('2002');
  await until('<A>', () => lines.slice(from).some((line) => line.startsWith('<A>')));
  outgoing.cancel();
  expect(await linesOf(from, 1)).toEqual(['<A><2003><2002><#>', '<H><2003><#>']);
});

it('of a call from outside that nobody answers nothing is told', { timeout: patience }, async () => {
  system.agents.change({ missP: 1 });
  const from = lines.length;
  const calling = system.carrier.call({ host: '127.0.0.1', port: system.ritmo.ports.sip ?? 0, to: '1140040000', from: '11999990001', talkMs: 3_000 });
  await until('it is offered', async () => (await system.ritmo.foundations.context.bus.request('acd.agents', {})).agents.some(({ state }) => state === 'ringing'));
  await calling;
  await nobodyTalks();
  // A line that comes after: what was to be told before it has been.
  await api('set_status?ramal=2001&status_id=7');
  await until('the status', () => lines.slice(from).includes('<S><2001><7><Feedback>'));
  expect(lines.slice(from).filter((line) => !line.startsWith('<S>'))).toEqual([]);
});
