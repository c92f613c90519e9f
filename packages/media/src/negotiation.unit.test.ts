import { describe, expect, it } from 'vitest';
import { Negotiation } from './negotiation.ts';
import { UnsupportedSdpError } from './port.ts';
import { parseSdp } from './sdp.ts';

const CODECS = ['PCMA', 'PCMU'] as const;
const negotiation = () => new Negotiation('192.0.2.1', 20_000, 77);

function sdp(...media: string[]): string {
  return ['v=0', 'o=x 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0', ...media, ''].join('\r\n');
}
const formats = (text: string) => parseSdp(text).media.map((media) => `${media.kind} ${media.port} ${media.formats.join(' ')} ${media.direction ?? ''}`.trim());

describe('offer and answer', () => {
  it('offers our codecs best first, with telephone events, 20 ms, at the advertised address', () => {
    expect(negotiation().offer(CODECS, 'sendrecv')).toBe(
      'v=0\r\no=ritmo 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n' +
        'a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n',
    );
  });

  it('takes address, codec, events, ptime and direction from an answer', () => {
    const leg = negotiation();
    leg.offer(CODECS, 'sendrecv');
    const remote = leg.accept(
      sdp('m=audio 4000 RTP/AVP 0 96', 'c=IN IP4 203.0.113.5', 'a=rtpmap:96 telephone-event/8000', 'a=ptime:30', 'a=recvonly'),
      CODECS,
    );
    expect(remote).toEqual({
      host: '203.0.113.5',
      port: 4000,
      codec: 'PCMU',
      payloadType: 0,
      eventPayloadType: 96,
      incoming: [{ payloadType: 0, codec: 'PCMU' }],
      ptimeMs: 30,
      direction: 'recvonly',
    });
  });

  it('reads static payload types without an rtpmap, and bare line feeds', () => {
    const leg = negotiation();
    const remote = leg.accept(sdp('m=audio 4000 RTP/AVP 8').replaceAll('\r\n', '\n'), CODECS);
    expect(remote).toMatchObject({ host: '198.51.100.7', codec: 'PCMA', eventPayloadType: undefined, ptimeMs: 20, direction: 'sendrecv' });
  });

  it('answers with the first of the offerer’s codecs that we have, its payload types repeated', () => {
    const answer = negotiation().answer(
      sdp('m=audio 4000 RTP/AVP 18 97 0 8 98', 'a=rtpmap:97 opus/48000/2', 'a=rtpmap:98 telephone-event/8000', 'a=sendonly'),
      CODECS,
    );
    expect(formats(answer)).toEqual(['audio 20000 0 98 recvonly']);
  });

  it('knows G.711 under a dynamic payload type', () => {
    const leg = negotiation();
    expect(formats(leg.answer(sdp('m=audio 4000 RTP/AVP 110', 'a=rtpmap:110 pcma/8000'), CODECS))).toEqual(['audio 20000 110 sendrecv']);
    expect(leg.remote).toMatchObject({ codec: 'PCMA', payloadType: 110 });
  });

  it('refuses every stream but one with port 0, in the order of the offer', () => {
    const leg = negotiation();
    const answer = leg.answer(
      sdp('m=video 5000 RTP/AVP 96', 'm=audio 4000 RTP/SAVP 8', 'm=audio 4002 RTP/AVP 8', 'm=audio 4004 RTP/AVP 0', 'm=image 0 udptl t38'),
      CODECS,
    );
    expect(formats(answer)).toEqual(['video 0 96', 'audio 0 8', 'audio 20000 8 sendrecv', 'audio 0 0', 'image 0 t38']);
    expect(leg.remote?.port).toBe(4002);
    // A later offer of ours keeps the streams (RFC 3264 8).
    expect(formats(leg.offer(CODECS, 'sendrecv')).map((line) => line.split(' ', 2).join(' '))).toEqual(['video 0', 'audio 0', 'audio 20000', 'audio 0', 'image 0']);
  });

  it.each([
    ['sendrecv', 'sendrecv', false],
    ['sendonly', 'recvonly', true],
    ['recvonly', 'sendonly', false],
    ['inactive', 'inactive', true],
  ])('answers %s with %s', (offered, answered, held) => {
    const leg = negotiation();
    expect(formats(leg.answer(sdp('m=audio 4000 RTP/AVP 8', `a=${offered}`), CODECS))).toEqual([`audio 20000 8 ${answered}`]);
    expect(leg.held).toBe(held);
  });

  it('takes a direction of the session where the stream has none', () => {
    const leg = negotiation();
    leg.answer(sdp('m=audio 4000 RTP/AVP 8').replace('t=0 0\r\n', 't=0 0\r\na=inactive\r\n'), CODECS);
    expect(leg.held).toBe(true);
  });

  it('reads the hold of RFC 2543, 0.0.0.0', () => {
    const leg = negotiation();
    leg.answer(sdp('m=audio 4000 RTP/AVP 8', 'c=IN IP4 0.0.0.0'), CODECS);
    expect(leg.held).toBe(true);
    expect(leg.remote?.host).toBeUndefined();
  });

  it('raises the version when, and only when, the description changes', () => {
    const leg = negotiation();
    const version = (text: string) => /^o=ritmo 77 (\d+)/m.exec(text)?.[1];
    const offer = sdp('m=audio 4000 RTP/AVP 8');
    expect(version(leg.answer(offer, CODECS))).toBe('1');
    expect(version(leg.answer(offer, CODECS))).toBe('1');
    expect(version(leg.answer(sdp('m=audio 4000 RTP/AVP 8', 'a=sendonly'), CODECS))).toBe('2');
    expect(version(leg.answer(offer, CODECS))).toBe('3');
  });

  it.each([
    ['', 'does not begin with v=0'],
    ['hello', 'does not begin with v=0'],
    [sdp(), 'no audio stream'],
    [sdp('m=audio 0 RTP/AVP 8'), 'refused (port 0)'],
    [sdp('m=audio 4000 RTP/AVP 18 3'), 'no codec in common (offered 18 3)'],
    [sdp('m=audio 4000 RTP/SAVP 8'), 'audio over RTP/SAVP'],
    [sdp('m=audio 99999 RTP/AVP 8'), 'media line'],
    [sdp('m=audio 4000 RTP/AVP 8', 'c=IN IP6 2001:db8::1'), 'no IPv4 address'],
    [sdp('m=audio 4000 RTP/AVP 8').replace(/^c=.*\r\n/m, ''), 'no IPv4 address'],
    [sdp(...Array.from({ length: 20 }, () => 'm=audio 4000 RTP/AVP 8')), 'too many media lines'],
    [`v=0\r\n${'a=x\r\n'.repeat(10_000)}`, 'too long'],
  ])('refuses what it cannot use: %j', (text, reason) => {
    const leg = negotiation();
    expect(() => leg.answer(text, CODECS)).toThrow(UnsupportedSdpError);
    expect(() => leg.accept(text, CODECS)).toThrow(reason);
    expect(leg.remote).toBeUndefined();
  });

  it('keeps what was agreed when a later offer is refused', () => {
    const leg = negotiation();
    leg.answer(sdp('m=audio 4000 RTP/AVP 8'), CODECS);
    expect(() => leg.answer(sdp('m=audio 4000 RTP/AVP 18'), CODECS)).toThrow(UnsupportedSdpError);
    expect(leg.remote).toMatchObject({ port: 4000, codec: 'PCMA' });
  });
});
