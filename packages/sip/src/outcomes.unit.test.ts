import { describe, expect, it } from 'vitest';
import { BY_Q850, BY_SIP_CODE, outcomeOf, outcomeReason } from './outcomes.ts';
import type { WireOutcome } from './outcomes.ts';
import type { WireEnd } from './port.ts';

const byCode: readonly (readonly [number, WireOutcome])[] = [
  [302, 'trunk-failure'], [401, 'trunk-failure'], [403, 'trunk-failure'], [404, 'invalid-number'], [407, 'trunk-failure'], [408, 'no-answer'],
  [410, 'invalid-number'], [420, 'trunk-failure'], [480, 'no-answer'], [484, 'invalid-number'], [486, 'busy'], [487, 'cancelled'],
  [488, 'trunk-failure'], [500, 'trunk-failure'], [502, 'trunk-failure'], [503, 'trunk-failure'], [504, 'trunk-failure'], [600, 'busy'],
  [603, 'rejected'], [604, 'invalid-number'], [606, 'trunk-failure'], [607, 'rejected'], [608, 'rejected'], [699, 'rejected'],
];

const byCause: readonly (readonly [number, WireOutcome])[] = [
  [1, 'invalid-number'], [17, 'busy'], [18, 'no-answer'], [19, 'no-answer'], [20, 'no-answer'], [21, 'rejected'], [22, 'invalid-number'],
  [28, 'invalid-number'], [34, 'trunk-failure'], [38, 'trunk-failure'], [41, 'trunk-failure'], [42, 'trunk-failure'],
];

describe('the outcome of a wire end', () => {
  it.each(byCode)('is, for a refusal with %i, %s', (sipCode, outcome) => {
    expect(outcomeOf({ by: 'remote', sipCode })).toBe(outcome);
  });

  it.each(byCause)('is, for 500 with Q.850 cause %i, %s', (q850, outcome) => {
    expect(outcomeOf({ by: 'remote', sipCode: 500, q850 })).toBe(outcome);
  });

  it('covers each row of both tables in this test', () => {
    const codes = Object.keys(BY_SIP_CODE).map(Number).filter((code) => code !== 200);
    expect(codes.filter((code) => !byCode.some(([tested]) => tested === code))).toEqual([]);
    expect(Object.keys(BY_Q850).map(Number)).toEqual(byCause.map(([cause]) => cause));
  });

  it.each<readonly [string, WireEnd, WireOutcome]>([
    ['a 487 after our ring timeout', { by: 'timeout', sipCode: 487 }, 'no-answer'],
    ['our own cancel', { by: 'local', sipCode: 487, q850: 16 }, 'cancelled'],
    ['no response at all', { by: 'transport', sipCode: 408 }, 'trunk-failure'],
    ['a transport that refuses', { by: 'transport' }, 'trunk-failure'],
    ['a BYE by the peer', { by: 'remote', sipCode: 200, q850: 16 }, 'answered'],
    ['a BYE of ours', { by: 'local', sipCode: 200 }, 'answered'],
    ['a decline with cause 21', { by: 'remote', sipCode: 603, q850: 21 }, 'rejected'],
    ['a decline wrapped around cause 17', { by: 'remote', sipCode: 603, q850: 17 }, 'rejected'],
    ['480 with cause 17, as carriers send it', { by: 'remote', sipCode: 480, q850: 17 }, 'busy'],
    ['a cause that says nothing of its own', { by: 'remote', sipCode: 486, q850: 127 }, 'busy'],
  ])('for %s', (_name, end, outcome) => {
    expect(outcomeOf(end)).toBe(outcome);
  });

  it('is told in words with what the wire said', () => {
    expect(outcomeReason({ by: 'remote', sipCode: 486, reasonPhrase: 'Busy Here', q850: 17 })).toBe('user busy (SIP 486, Busy Here, Q.850 cause 17)');
    expect(outcomeReason({ by: 'transport' })).toBe('the trunk cannot be reached');
  });
});
