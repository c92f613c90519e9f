import { describe, expect, it } from 'vitest';
import type { IncomingCall, SipStackOptions } from '../port.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { Sender } from '../transport/flow.ts';
import { assemble } from './assemble.ts';

/** A call that rings for minutes, on a clock of its own. */
function setUp() {
  const clock = { nowMs: 0 };
  const wires: string[] = [];
  const calls: IncomingCall[] = [];
  const sender: Sender = {
    viaOf: () => 'SIP/2.0/UDP 192.0.2.200:5060', contactOf: () => '<sip:ritmo@192.0.2.200:5060>', hostOf: () => '192.0.2.200', locate: () => undefined, avoid: () => undefined,
    send: (_to, wire) => void wires.push(wire),
  };
  const options: SipStackOptions = {
    host: '192.0.2.200', port: 5060, transports: ['udp'], realm: 'r', userAgent: 'u',
    handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => void calls.push(call), registered: () => undefined, unregistered: () => undefined },
  };
  const wheel = new TimerWheel((error) => {
    throw error;
  }, () => clock.nowMs);
  const { router } = assemble(options, wheel, sender);
  router.receive(
    'INVITE sip:55@192.0.2.200 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr\r\nFrom: <sip:11@192.0.2.1>;tag=1\r\nTo: <sip:55@192.0.2.200>\r\nCall-ID: r\r\nCSeq: 1 INVITE\r\nContact: <sip:11@192.0.2.1>\r\n\r\n',
    { transport: 'udp', host: '192.0.2.1', port: 5060 },
  );
  const pass = (seconds: number): void => {
    for (const until = clock.nowMs + seconds * 1_000; clock.nowMs < until; clock.nowMs += 100) wheel.advance();
  };
  const [call] = calls;
  if (call === undefined) throw new Error('no call');
  return { call, pass, rings: () => wires.filter((wire) => wire.startsWith('SIP/2.0 180')).length };
}

describe('a call that rings long (RFC 3261 13.3.1.1)', () => {
  it('is told to ring each minute, or a proxy would give it up, and no more once it is refused', () => {
    const { call, pass, rings } = setUp();
    call.ring();
    pass(59);
    expect(rings()).toBe(1);
    pass(122);
    expect(rings()).toBe(4);
    call.reject(486);
    pass(200);
    expect(rings()).toBe(4);
  });
});
