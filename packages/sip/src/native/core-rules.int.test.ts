import { afterEach, describe, expect, it } from 'vitest';
import { headerIn } from '../contract/raw-peer.ts';
import { RawSetting } from '../contract/raw-setting.ts';
import { ANSWER, OFFER, until } from '../contract/rig.ts';

const bodyOf = (message: string): string => message.slice(message.indexOf('\r\n\r\n') + 4);

/** Rules of the user agent core that a peer sees, each with its section. */
describe('the user agent core', () => {
  const setting = new RawSetting();
  afterEach(() => setting.close());

  describe('for a request', () => {
    it('copies Timestamp into its 100 (RFC 3261 8.2.6.1)', async () => {
      const { near, peer } = await setting.setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: 'Timestamp: 54.21\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 100/), 'Timestamp')).toBe('54.21');
      (await near.nextCall()).reject(486);
    });

    it('ends an INVITE with 487 when its Expires has passed (13.3.1)', async () => {
      const { near, peer } = await setting.setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: 'Expires: 1\r\n' });
      const incoming = await near.nextCall();
      const ends: unknown[] = [];
      incoming.onCancel((end) => void ends.push(end));
      incoming.ring();
      await peer.next(/^SIP\/2.0 487/);
      expect(ends).toEqual([{ by: 'timeout', sipCode: 487, reasonPhrase: 'the invitation expired' }]);
      await expect(incoming.answer(ANSWER)).rejects.toThrow();
    });

    it('answers one that was answered in time as if it had no Expires', async () => {
      const { callee, near, peer, to } = await setting.answered({}, 'Expires: 1\r\n');
      // The second of another INVITE passes meanwhile.
      peer.request('INVITE', { branch: 'other', callId: 'other', body: OFFER, lines: 'Expires: 1\r\n' });
      (await near.nextCall()).ring();
      await peer.next(/^SIP\/2.0 487[^]*Call-ID: other/);
      expect(callee.ends).toEqual([]);
      peer.request('BYE', { branch: 'bye', cseq: 2, to });
      expect(await callee.ended()).toMatchObject({ by: 'remote', sipCode: 200 });
    });

    it('names in 420 what Require asked for, and leaves Proxy-Require to proxies (8.2.2.3)', async () => {
      const { peer } = await setting.setUp();
      peer.request('OPTIONS', { branch: 'proxy', callId: 'proxy', lines: 'Proxy-Require: foo, bar\r\n' });
      await peer.next(/^SIP\/2.0 200[^]*Call-ID: proxy/);
      peer.request('OPTIONS', { branch: 'both', callId: 'both', lines: 'Proxy-Require: foo\r\nRequire: timer, one, two\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 420/), 'Unsupported')).toBe('one, two');
    });

    it('says 405 with Allow to MESSAGE, and 489 to an event other than refer, inside a call (8.2.1, RFC 6665 8.2.1)', async () => {
      const { peer, to, callee } = await setting.answered();
      peer.request('MESSAGE', { branch: 'm', cseq: 2, to });
      expect(headerIn(await peer.next(/^SIP\/2.0 405/), 'Allow')).toContain('NOTIFY');
      peer.request('NOTIFY', { branch: 'n', cseq: 3, to, lines: 'Event: message-summary\r\nSubscription-State: active\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 489/), 'Allow-Events')).toBe('refer');
      expect(callee.ends).toEqual([]);
    });

    it('gives its refusals a To tag, also to a version that it does not speak (8.2.6.2, 21.5.6)', async () => {
      const { peer } = await setting.setUp();
      peer.send(`OPTIONS sip:x SIP/3.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKv;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: v\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`);
      expect(headerIn(await peer.next(/^SIP\/2.0 505/), 'To')).toMatch(/;tag=[0-9a-f]{16}$/);
    });
  });

  it('answers new calls 503 with Retry-After while the process is overloaded, and goes on with what it began (RFC 3261 21.5.4)', async () => {
    const { near, peer, to, callee } = await setting.answered();
    let serial = 0;
    let refused: string | undefined;
    for (let round = 0; round < 60 && refused === undefined; round++) {
      // Ten times a second it is looked at whether the process comes to its turn: it hardly ever does.
      for (const endMs = performance.now() + 220; performance.now() < endMs;);
      for (let call = 0; call < 20; call++) peer.request('INVITE', { branch: `o${++serial}`, callId: `o${serial}`, fromTag: `o${serial}`, body: OFFER });
      for (const incoming of near.incoming.splice(1)) incoming.reject(480);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      refused = peer.received.find((each) => each.startsWith('SIP/2.0 503'));
    }
    refused ??= 'no 503 at all';
    expect(refused.slice(0, 11)).toBe('SIP/2.0 503');
    expect(Number(headerIn(refused, 'Retry-After'))).toBeGreaterThan(0);
    peer.request('BYE', { branch: 'bye', cseq: 2, to });
    await peer.next(/^SIP\/2.0 200[^]*CSeq: 2 BYE/);
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
  });

  describe('ends a call whose peer has lost the dialog (RFC 3261 12.2.1.2)', () => {
    it.each(['481 Call/Transaction Does Not Exist', '408 Request Timeout'])('as %s to its INFO says', async (status) => {
      const { peer, callee } = await setting.answered();
      const sent = callee.call.info('application/dtmf-relay', 'Signal=1\r\n');
      peer.reply(await peer.next(/^INFO/), status, 'x');
      expect(await sent).toBe(false);
      expect(await callee.ended()).toMatchObject({ by: 'timeout' });
      await peer.next(/^BYE/);
    });

    it('but not when an INFO is merely refused', async () => {
      const { peer, callee } = await setting.answered();
      const sent = callee.call.info('application/dtmf-relay', 'Signal=1\r\n');
      peer.reply(await peer.next(/^INFO/), '415 Unsupported Media Type', 'x');
      expect([await sent, callee.ends]).toEqual([false, []]);
    });
  });

  describe('with a REFER (RFC 3515 2.4.4)', () => {
    it('follows its 202 with a NOTIFY at once, whatever is known, and ends the subscription with the last', async () => {
      const { peer, to, callee } = await setting.answered();
      peer.request('REFER', { branch: 'r', cseq: 2, to, lines: 'Refer-To: <sip:300@127.0.0.1>\r\n' });
      const progress = (await until('the REFER', () => callee.refers[0])).accept();
      await peer.next(/^SIP\/2.0 202/);
      const first = await peer.next(/^NOTIFY/);
      expect([headerIn(first, 'Event'), headerIn(first, 'Subscription-State'), bodyOf(first)]).toEqual(['refer;id=2', 'active;expires=60', 'SIP/2.0 100 Trying\r\n']);
      peer.reply(first, '200 OK', 'x');
      progress.failed(486);
      progress.succeeded();
      const last = await peer.next(/^NOTIFY[^]*486/);
      expect([headerIn(last, 'Subscription-State'), headerIn(last, 'Content-Type')]).toEqual(['terminated;reason=noresource', 'message/sipfrag;version=2.0']);
      peer.reply(last, '200 OK', 'x');
      expect(new Set(peer.received.filter((each) => each.startsWith('NOTIFY')).map((each) => headerIn(each, 'CSeq'))).size).toBe(2);
    });
  });

  describe('answers by datagram (RFC 3261 18.2.2, RFC 3581 4)', () => {
    const options = (branch: string, sentBy: string, more: string): string =>
      `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP ${sentBy};branch=z9hG4bK${branch}${more}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: ${branch}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;

    it('to the port of Via where there is no rport, and to the source where there is, which the answer names', async () => {
      const { near, peer } = await setting.setUp();
      const other = await setting.peer(near.address.port);
      peer.send(options('plain', `127.0.0.1:${other.port}`, ''));
      expect(headerIn(await other.next(/^SIP\/2.0 200/), 'Via')).not.toMatch(/rport|received/);
      // A name in the sent-by: where it really came from is added (18.2.1).
      peer.send(options('named', `phone.invalid:${other.port}`, ''));
      expect(headerIn(await other.next(/^SIP\/2.0 200[^]*Call-ID: named/), 'Via')).toContain(';received=127.0.0.1');
      peer.send(options('rport', `192.168.7.7:5999`, ';rport'));
      expect(headerIn(await peer.next(/^SIP\/2.0 200[^]*Call-ID: rport/), 'Via')).toBe(`SIP/2.0/UDP 192.168.7.7:5999;branch=z9hG4bKrport;rport=${peer.port};received=127.0.0.1`);
      expect([peer.received.length, other.received.length]).toEqual([1, 2]);
    });
  });

  describe('answers to nobody but who asked', () => {
    it('follows no maddr of a Via: a stranger could have our answers sent to another', async () => {
      const { near, peer } = await setting.setUp();
      const victim = await setting.peer(near.address.port, '127.0.0.66');
      peer.send(`OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:${victim.port};branch=z9hG4bKm;maddr=127.0.0.66\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: m\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`);
      peer.request('OPTIONS', { branch: 'behind' });
      await peer.next(/^SIP\/2.0 200/);
      expect([near.stack.stats.sent, victim.received]).toEqual([2, []]);
    });
  });
});
