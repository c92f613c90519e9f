import { describe, expect, it } from 'vitest';
import { sdpOf } from './body.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n';
const carrier = (type: string | undefined, body: string) => ({ body, get: (name: string) => (name === 'content-type' ? type : undefined) });

describe('the session description of a message', () => {
  const isup = `--b1\r\nContent-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x01\x00\x49\r\n--b1\r\ncontent-type: application/sdp\r\n\r\n${SDP}\r\n--b1--\r\n`;

  it.each([
    ['the whole body', 'application/sdp', SDP, SDP],
    ['the whole body, its type in capitals and with a parameter', 'Application/SDP;charset=utf-8', SDP, SDP],
    ['the whole body where no type is named', undefined, SDP, SDP],
    ['a part behind ISUP', 'multipart/mixed;boundary=b1', isup, SDP],
    ['a part, the boundary quoted', 'multipart/mixed; boundary="b1"', isup, SDP],
    ['a part of a part', 'multipart/mixed;boundary=o', `preamble\r\n--o\r\nContent-Type: multipart/alternative;boundary=b1\r\n\r\n${isup}\r\n--o--`, SDP],
    ['nothing where it is another type', 'application/pidf+xml', '<x/>', ''],
    ['nothing where no part is one', 'multipart/mixed;boundary=b1', '--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1--', ''],
    ['nothing where the boundary is missing', 'multipart/mixed', isup, ''],
    ['nothing behind the closing line', 'multipart/mixed;boundary=b1', `--b1--\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n${SDP}`, ''],
    ['nothing where there is no body', 'application/sdp', '', ''],
  ])('is %s', (_what, type, body, expected) => {
    expect(sdpOf(carrier(type, body))).toBe(expected);
  });

  it('is not looked for without end in parts within parts', () => {
    let body = `--b\r\nContent-Type: application/sdp\r\n\r\n${SDP}\r\n--b--`;
    for (let depth = 0; depth < 50; depth++) body = `--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n${body}`;
    expect(sdpOf(carrier('multipart/mixed;boundary=b', body))).toBe('');
  });
});
