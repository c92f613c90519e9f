import { describe, expect, it } from 'vitest';
import { emptyStats } from '../native/assemble.ts';
import type { Sender, SendListener } from '../transport/flow.ts';
import { SipMessage, parseMessage } from '../wire/message.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { ClientOwner } from './client.ts';
import { TransactionLayer } from './layer.ts';
import { timerValues } from './timers.ts';
import { TimerWheel } from './wheel.ts';

const flow = { transport: 'udp', host: '127.0.0.1', port: 5060 } as const;

function setUp() {
  const clock = { now: 1_000 };
  const wheel = new TimerWheel((error) => expect.fail(error.message), () => clock.now);
  const sent: string[] = [];
  const listeners: SendListener[] = [];
  const sender = {
    viaOf: () => 'SIP/2.0/UDP 127.0.0.1:5060',
    contactOf: () => '<sip:ritmo@127.0.0.1>',
    hostOf: () => '127.0.0.1',
    locate: () => undefined,
    avoid: () => undefined,
    send: (_to: unknown, wire: string, listener?: SendListener) => {
      sent.push(wire);
      if (listener !== undefined) listeners.push(listener);
    },
  } satisfies Sender;
  const stats = emptyStats();
  const layer = new TransactionLayer(wheel, timerValues(500), sender, stats);
  const pass = (ms: number): void => {
    clock.now += ms;
    wheel.advance();
  };
  return { layer, sent, listeners, stats, pass };
}

function read(text: string): SipMessage {
  const message = parseMessage(text);
  if (!(message instanceof SipMessage)) throw new Error(message.reason);
  return message;
}
const request = (method: string, branch: string, to = '<sip:2@b>'): SipMessage =>
  read(`${method} sip:2@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${branch}\r\nFrom: <sip:1@a>;tag=f\r\nTo: ${to}\r\nCall-ID: c\r\nCSeq: 1 ${method}\r\nContent-Length: 0\r\n\r\n`);

describe('the transaction layer', () => {
  it('keeps no trace for merging of a CANCEL, which is never merged: thousands of the same number would be one chain (8.2.2.2)', () => {
    const { layer, stats, pass } = setUp();
    for (let at = 0; at < 3; at++) layer.openOther(request('CANCEL', `b${at}`), flow).reply(481, { toTag: 't' });
    layer.openOther(request('OPTIONS', 'o'), flow).reply(200, { toTag: 't' });
    expect([layer.isMerged(request('CANCEL', 'x')), layer.isMerged(request('OPTIONS', 'x')), stats.transactions]).toEqual([false, true, 4]);
    pass(33_000);
    expect([layer.isMerged(request('OPTIONS', 'x')), stats.transactions]).toEqual([false, 0]);
  });

  it('knows what a CANCEL means that comes behind the ACK of a refusal (9.2)', () => {
    const { layer } = setUp();
    const transaction = layer.openInvite(request('INVITE', 'i'), flow);
    transaction.own({ cancelled: () => expect.fail('too late') }, 'ours');
    transaction.reply(486, { toTag: 'ours' });
    expect(layer.absorbs(request('ACK', 'i', '<sip:2@b>;tag=ours'), flow)).toBe(true);
    expect(layer.inviteOf(request('CANCEL', 'i'))?.localTag).toBe('ours');
  });

  it('does not take an INVITE for the one of the same branch that was given up before and only now could not be sent', () => {
    const { layer, listeners, stats } = setUp();
    const heard: number[] = [];
    const owner: ClientOwner = { received: (_transaction, { status }) => void heard.push(status), unanswered: () => expect.fail('given up') };
    const draft: RequestDraft = { method: 'INVITE', uri: 'sip:2@b', branch: 'z9hG4bKone', from: '<sip:1@a>;tag=f', to: '<sip:2@b>', callId: 'c', cseq: 1, routes: [], headers: '', body: '' };
    layer.invite(draft, { ...flow, transport: 'tcp' }, owner).abandon();
    layer.adoptInvite(draft, { ...flow, transport: 'tcp' }, owner);
    listeners[0]?.sendFailed(new Error('no connection'));
    expect(layer.response(read('SIP/2.0 180 Ringing\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKone\r\nFrom: <sip:1@a>;tag=f\r\nTo: <sip:2@b>;tag=t\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n'), flow)).toBe(true);
    expect([heard, stats.transactions]).toEqual([[180], 1]);
  });
});
