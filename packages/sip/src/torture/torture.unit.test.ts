import { describe, expect, it } from 'vitest';
import { Malformed, parseMessage } from '../wire/message.ts';
import { refusal } from '../native/validate.ts';
import type { Expected } from './fixture.ts';
import { INVALID } from './fixtures-invalid.ts';
import { VALID } from './fixtures-valid.ts';

function handlingOf(wire: string): Expected {
  const found = parseMessage(wire);
  if (found instanceof Malformed) return found.status === 0 || found.partial === undefined || !found.partial.isRequest ? 'dropped' : found.status;
  if (!found.isRequest) return 'response';
  return refusal(found)?.status ?? 'accepted';
}

describe('the torture messages of RFC 4475', () => {
  it('are all 49', () => {
    expect(new Set([...VALID, ...INVALID].map((each) => each.name)).size).toBe(49);
  });

  it.each([...VALID, ...INVALID])('$name ($section), $why: $expect', ({ wire, expect: expected }) => {
    expect(handlingOf(wire)).toBe(expected);
  });

  it('show the folded and spaced values of wsinv', () => {
    const found = parseMessage(VALID[0]?.wire ?? '');
    if (found instanceof Malformed) throw new Error(found.reason);
    expect([found.fromTag, found.toTag, found.cseq, found.branch]).toEqual(['98asjd8', '1918181833n', 9, '390skdjuw']);
    expect(found.topVia).toMatchObject({ transport: 'UDP', host: '192.0.2.2' });
    expect(found.list('via')).toHaveLength(3);
    expect(found.header('newfangledheader')).toBe('newfangled value continued newfangled value');
  });
});
