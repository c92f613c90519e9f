import { assemble } from '../native/assemble.ts';
import type { Assembled } from '../native/assemble.ts';
import type { EstablishedCall, IncomingCall, OutgoingCall, SipTransport } from '../port.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { Sender } from '../transport/flow.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import { reasonPhrase, replyHead, writeResponse } from '../wire/write.ts';
import { SDP } from './fixture.ts';
import type { Random } from './mutate.ts';

const STATUSES = [100, 180, 183, 200, 200, 200, 202, 302, 401, 407, 404, 422, 481, 486, 487, 491, 500, 503, 603];
const CHALLENGE = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nProxy-Authenticate: Digest realm="r", nonce="n"\r\nMin-SE: 2000\r\nRequire: 100rel\r\nRSeq: 1\r\n';
const MAX_KEPT_CALLS = 100;

/** A whole native stack without sockets, on a clock of its own, with calls going on in it. */
export class FuzzTarget {
  readonly troubles: string[] = [];
  private readonly random: Random;
  private readonly assembled: Assembled;
  private readonly wheel: TimerWheel;
  private nowMs = 1_000_000;
  private sent: string[] = [];
  private readonly established: EstablishedCall[] = [];
  private readonly incoming: IncomingCall[] = [];
  private readonly outgoing: OutgoingCall[] = [];
  private serial = 0;

  constructor(random: Random) {
    this.random = random;
    const sender: Sender = {
      viaOf: (transport: SipTransport) => `SIP/2.0/${transport.toUpperCase()} 192.0.2.200:5060`,
      contactOf: (transport: SipTransport) => `<sip:ritmo@192.0.2.200:5060;transport=${transport}>`,
      hostOf: () => '192.0.2.200',
      locate: () => undefined,
      avoid: () => undefined,
      send: (_to, wire) => void (this.sent.length < 64 && this.sent.push(wire)),
    };
    this.wheel = new TimerWheel((error) => this.fault(error), () => this.nowMs);
    this.assembled = assemble(
      {
        host: '192.0.2.200', port: 5060, transports: ['udp'], realm: 'r', userAgent: 'fuzzed', minSessionExpiresS: 1,
        handlers: {
          classify: (source) => (source.port === 1 ? 'extension' : source.port === 2 ? 'unknown' : 'trunk'),
          credentialsOf: (user) => (user === '200' ? { username: '200', password: 'p' } : undefined),
          incoming: (call) => this.take(call),
          registered: () => undefined,
          unregistered: () => undefined,
          trouble: (error) => {
            // A fact worth a log line, and no fault.
            if (!error.message.startsWith('REFER outside')) this.fault(error);
          },
        },
      },
      this.wheel,
      sender,
    );
  }

  private fault(error: Error): void {
    if (this.troubles.length < 20) this.troubles.push(error.stack ?? error.message);
  }

  private take(call: IncomingCall): void {
    call.onCancel(() => undefined);
    if (this.random.below(2) === 0) call.onOffer?.(() => SDP);
    const choice = this.random.below(6);
    if (choice === 0) call.reject(486);
    if (choice === 1 || choice === 2) call.ring();
    if (choice === 3) call.ring(SDP);
    if (choice >= 2 && choice <= 4) this.answer(call);
    else keep(this.incoming, call)?.reject(480);
  }

  private answer(call: IncomingCall): void {
    call.answer(SDP).then((established) => this.listen(established), () => undefined);
  }

  private listen(call: EstablishedCall): void {
    keep(this.established, call)?.hangup();
    call.listen({
      ended: () => undefined,
      reoffer: () => SDP,
      ...(this.random.below(2) === 0 ? { offer: () => SDP } : {}),
      referred: (request) => {
        const progress = request.accept();
        progress.succeeded();
      },
    });
  }

  receive(wire: string): void {
    const port = this.random.below(8);
    this.assembled.router.receive(wire, { transport: this.random.below(4) === 0 ? 'tcp' : 'udp', host: '192.0.2.1', port });
  }

  /** Our side goes on with its own business. */
  act(): void {
    const call = this.established.length === 0 ? undefined : this.random.pick(this.established);
    const ringing = this.incoming.length === 0 ? undefined : this.random.pick(this.incoming);
    switch (this.random.below(8)) {
      case 0:
        call?.hangup({ q850: 16 });
        return;
      case 1:
        call?.reinvite(SDP).catch(() => undefined);
        return;
      case 2:
        call?.refer('sip:300@r').catch(() => undefined);
        return;
      case 3:
        if (ringing !== undefined) this.answer(ringing);
        return;
      case 4:
        ringing?.reject(480);
        return;
      case 5:
        if (this.outgoing.length > 0) this.random.pick(this.outgoing).cancel();
        return;
      default:
        this.dial();
    }
  }

  private dial(): void {
    const isLate = this.random.below(4) === 0;
    keep(this.outgoing, this.assembled.invite({
      uri: 'sip:55@192.0.2.1:5060', from: { user: '11' }, sipCallId: `fuzz-${++this.serial}`, ...(isLate ? {} : { body: SDP }), credentials: { username: '200', password: 'p' },
      events: { answerOffer: () => SDP, reoffer: () => SDP, answered: (call) => this.listen(call), failed: () => undefined },
    }));
  }

  /** What the stack sent, and answers to its requests with the right tags and branches. */
  takeSent(): string[] {
    const { sent } = this;
    if (sent.length === 0) return sent;
    this.sent = [];
    const more: string[] = [];
    for (const wire of sent) {
      const message = parseMessage(wire);
      // A refusal repeats what the request had, a CSeq that is none included.
      if (message instanceof Malformed) {
        if (!/^SIP\/2\.0 (4|505|513)/.test(wire)) this.fault(new Error(`we sent a malformed message: ${message.reason}\n${wire}`));
      } else if (message.isRequest && message.method !== 'ACK') {
        const status = this.random.pick(STATUSES);
        const extra = `Contact: <sip:peer@192.0.2.1:5060>\r\n${this.random.below(3) === 0 ? CHALLENGE : ''}Session-Expires: 90;refresher=uac\r\n`;
        more.push(writeResponse(replyHead(message, '192.0.2.1', 5060), status, reasonPhrase(status), `peer${this.random.below(3)}`, extra, status < 300 ? SDP : ''));
      } else if (!message.isRequest && message.status < 300 && message.toTag !== '') more.push(inDialog(message.get('from') ?? '', message.get('to') ?? '', message.callId, this.random));
    }
    return [...sent, ...more];
  }

  pass(ms: number): void {
    // In steps, so that what a timer arms can ring as well.
    const step = Math.max(20, ms / 200);
    for (let passed = 0; passed < ms; passed += step) {
      this.nowMs += step;
      this.wheel.advance();
    }
  }

  /** Ends every call that is still kept. */
  endAll(): void {
    for (const call of this.incoming.splice(0)) call.reject(480);
    for (const call of this.established.splice(0)) call.hangup();
    for (const call of this.outgoing.splice(0)) call.cancel();
  }

  leftovers(): number {
    const { stats } = this.assembled.core;
    return stats.transactions + stats.dialogs;
  }
}

/** A request inside the dialog that the response made. */
function inDialog(from: string, to: string, callId: string, random: Random): string {
  const method = random.pick(['BYE', 'ACK', 'ACK', 'INVITE', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'PRACK', 'CANCEL']);
  const cseq = method === 'ACK' ? 8 : 9 + random.below(1_000);
  return (
    `${method} sip:ritmo@192.0.2.200 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${random.next()}\r\nFrom: ${from}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\n` +
    `Contact: <sip:peer@192.0.2.1>\r\nRefer-To: <sip:300@r?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\nRAck: 1 8 INVITE\r\nSession-Expires: 90\r\nContent-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`
  );
}

/** Returns the one that has to go for it. */
function keep<T>(list: T[], item: T): T | undefined {
  list.push(item);
  return list.length > MAX_KEPT_CALLS ? list.shift() : undefined;
}
