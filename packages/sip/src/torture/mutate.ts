/** Seeded mutation of messages, for the fuzzer and its short run in the tests. Same seed, same messages. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** xorshift32. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

const BITS = [
  '\r\n', '\r\n\r\n', '\n', '\r', ' ', '\t', ';', ',', ':', '"', '\\', '<', '>', '@', '=', '%', '%00', '\0', '\xff', '\xc3', '?', '&', '/', '[', ']', 'sip:', 'tel:', 'SIP/2.0', 'SIP/2.0 200 OK\r\n',
  '0', '-1', '4294967296', '99999999999999999999', ';tag=', ';branch=z9hG4bK', ';lr', ';rport', ';received=', 'Via: ', 'Contact: *\r\n', 'Content-Length: 0\r\n', 'l: 9999\r\n', 'Require: 100rel\r\n', 'Expires: 0\r\n',
  'Replaces: a;to-tag=b;from-tag=c\r\n', 'Route: <sip:x;lr>\r\n', 'Record-Route: <sip:y;lr>\r\n', 'Session-Expires: 1\r\n', 'Digest ', 'nonce="', 'Authorization: Digest username="200"\r\n',
];
const METHODS = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'PRACK', 'MESSAGE', 'SUBSCRIBE', 'invite', 'X'];

/** One to six changes: insert, delete, double, swap bytes, cross with another message, repeat a line, change a method. */
export function mutate(random: Random, corpus: readonly string[]): string {
  let text = random.pick(corpus);
  for (let change = 1 + random.below(6); change > 0; change--) text = changed(random, text, corpus);
  return text.length > 60_000 ? text.slice(0, 60_000) : text;
}

function changed(random: Random, text: string, corpus: readonly string[]): string {
  const at = random.below(text.length + 1);
  const length = random.below(40);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + random.pick(BITS) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length).repeat(1 + random.below(20)) + text.slice(at);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 4: {
      const other = random.pick(corpus);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 5: {
      const lines = text.split('\r\n');
      lines.splice(random.below(lines.length + 1), 0, random.pick(lines));
      return lines.join('\r\n');
    }
    case 6: {
      const lines = text.split('\r\n');
      lines.splice(random.below(lines.length), 1);
      return lines.join('\r\n');
    }
    case 7:
      return text.replace(/^[A-Za-z]+/, random.pick(METHODS)).replace(/(CSeq: *\d+ )[A-Za-z]+/i, `$1${random.pick(METHODS)}`);
    case 8:
      return text.replace(/\d+/, String(random.next()));
    default:
      return text;
  }
}
