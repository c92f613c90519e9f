import { describe, expect, it } from 'vitest';
import { StreamFramer } from './framing.ts';

function setUp() {
  const messages: string[] = [];
  const pings = { count: 0 };
  const framer = new StreamFramer({ message: (wire) => void messages.push(wire), ping: () => void pings.count++ });
  return { framer, messages, pings };
}
const message = (body: string, name = 'Content-Length'): string => `BYE sip:a SIP/2.0\r\nX: y\r\n${name}: ${body.length}\r\n\r\n${body}`;

describe('the framing of a stream', () => {
  it('cuts several messages out of one piece', () => {
    const { framer, messages } = setUp();
    expect(framer.push(message('one') + message('', 'l') + message('three'))).toBeUndefined();
    expect(messages).toEqual([message('one'), message('', 'l'), message('three')]);
    expect(framer.partial).toBe(false);
  });

  it('puts one message together from single bytes', () => {
    const { framer, messages } = setUp();
    for (const byte of message('body\r\n\r\nmore') + message('x')) expect(framer.push(byte)).toBeUndefined();
    expect(messages).toEqual([message('body\r\n\r\nmore'), message('x')]);
  });

  it('answers keep-alives between messages and ignores a lone CRLF', () => {
    const { framer, messages, pings } = setUp();
    framer.push(`\r\n\r\n${message('a')}\r\n${message('b')}`);
    expect([pings.count, messages.length]).toEqual([1, 2]);
  });

  it.each([
    ['no length', 'BYE sip:a SIP/2.0\r\nX: y\r\n\r\n'],
    ['a negative length', message('').replace(': 0', ': -1')],
    ['a length beyond the limit', message('').replace(': 0', ': 99999999')],
    ['a head without end', `BYE sip:a SIP/2.0\r\nX: ${'y'.repeat(20_000)}`],
  ])('gives the stream up at %s', (_name, text) => {
    const { framer, messages } = setUp();
    expect(framer.push(text)).toBeTypeOf('string');
    expect(messages).toEqual([]);
  });
});
