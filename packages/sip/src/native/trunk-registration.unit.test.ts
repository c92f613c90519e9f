import { describe, expect, it } from 'vitest';
import type { SipStackOptions } from '../port.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { Sender } from '../transport/flow.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import { reasonPhrase, replyHead, writeResponse } from '../wire/write.ts';
import { assemble } from './assemble.ts';
import { NativeTrunkRegistration } from './trunk-registration.ts';

const REGISTRAR = { host: '192.0.2.1', port: 5060, transport: 'udp' } as const;

/** A registration on a clock of its own; `answer` says what the registrar answers to the n-th REGISTER. */
function setUp(answer: (nth: number) => { readonly status: number; readonly headers?: string } | undefined) {
  const clock = { nowMs: 0 };
  const sentAtS: number[] = [];
  const states: { readonly registered: boolean; readonly code?: number; readonly error?: string }[] = [];
  const wires: string[] = [];
  const sender: Sender = {
    viaOf: () => 'SIP/2.0/UDP 192.0.2.200:5060', contactOf: () => '<sip:ritmo@192.0.2.200:5060>', hostOf: () => '192.0.2.200', locate: () => undefined, avoid: () => undefined,
    send: (_to, wire) => void wires.push(wire),
  };
  const options: SipStackOptions = {
    host: '192.0.2.200', port: 5060, transports: ['udp'], realm: 'r', userAgent: 'u',
    handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
  };
  const wheel = new TimerWheel((error) => {
    throw error;
  }, () => clock.nowMs);
  const { core, router } = assemble(options, wheel, sender);
  const registration = new NativeTrunkRegistration(core, {
    registrar: REGISTRAR, user: 'ritmo', domain: 'carrier', credentials: { username: 'ritmo', password: 'p' }, expiresS: 300, changed: (state) => void states.push(state),
  });
  const seen = new Set<string>();
  const pass = (seconds: number): void => {
    for (const until = clock.nowMs + seconds * 1_000; clock.nowMs < until; clock.nowMs += 50) {
      wheel.advance();
      for (const wire of wires.splice(0)) {
        const message = parseMessage(wire);
        if (message instanceof Malformed) throw new Error(message.reason);
        if (seen.has(message.branch)) continue;
        seen.add(message.branch);
        sentAtS.push(clock.nowMs / 1_000);
        const reply = answer(sentAtS.length);
        if (reply === undefined) continue;
        router.receive(writeResponse(replyHead(message, REGISTRAR.host, 5060), reply.status, reasonPhrase(reply.status), 'tag', reply.headers ?? '', ''), REGISTRAR);
      }
    }
  };
  const gapsS = (): number[] => sentAtS.slice(1).map((at, index) => at - (sentAtS[index] ?? 0));
  return { pass, gapsS, states, registration };
}

describe('the registration at a trunk (RFC 3261 10.2)', () => {
  it('tries again in pauses that double from 2 s to 5 minutes, each up to a fifth shorter or longer', () => {
    const { pass, gapsS, states } = setUp(() => ({ status: 503 }));
    pass(2_400);
    const gaps = gapsS();
    expect(gaps.length).toBeGreaterThan(9);
    for (const [index, gap] of gaps.entries()) {
      const pauseS = Math.min(2 * 2 ** index, 300);
      expect(gap).toBeGreaterThanOrEqual(pauseS * 0.8);
      expect(gap).toBeLessThanOrEqual(pauseS * 1.2 + 0.2);
    }
    expect(states.every((state) => !state.registered && state.code === 503)).toBe(true);
  });

  it('waits as long as Retry-After says (20.33)', () => {
    const { pass, gapsS } = setUp((nth) => ({ status: nth === 1 ? 503 : 200, headers: nth === 1 ? 'Retry-After: 90\r\n' : '' }));
    pass(120);
    expect(gapsS()[0]).toBeGreaterThanOrEqual(90);
    expect(gapsS()[0]).toBeLessThan(91);
  });

  it('refreshes before the granted time ends, and begins with short pauses again after a success', () => {
    const { pass, gapsS } = setUp((nth) => (nth <= 3 || nth === 5 ? { status: 503 } : { status: 200, headers: 'Contact: <sip:ritmo@192.0.2.200:5060>;expires=100\r\n' }));
    pass(130);
    const [, , , refresh = 0, retry = 0] = gapsS();
    expect(refresh).toBeGreaterThanOrEqual(80);
    expect(refresh).toBeLessThan(81);
    expect(retry).toBeLessThan(2.7);
  });

  it('says that nobody answers after timer F, and tries again', () => {
    const { pass, gapsS, states } = setUp((nth) => (nth === 1 ? undefined : { status: 200 }));
    pass(40);
    expect(states).toEqual([{ registered: false, error: 'the registrar does not answer' }, { registered: true, code: 200 }]);
    expect(gapsS()[0]).toBeGreaterThan(33);
  });
});
