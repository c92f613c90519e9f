import { expect, it } from 'vitest';
import { isMediaTimeout } from './media-timeout.ts';

it('ends a side that went silent for the limit, and lets a shorter silence be', () => {
  expect(isMediaTimeout({ silentMs: 60_000, everHeard: true }, 60_000)).toBe(true);
  expect(isMediaTimeout({ silentMs: 59_999, everHeard: true }, 60_000)).toBe(false);
});

it('gives a side that was never heard five times the limit', () => {
  expect(isMediaTimeout({ silentMs: 299_000, everHeard: false }, 60_000)).toBe(false);
  expect(isMediaTimeout({ silentMs: 300_000, everHeard: false }, 60_000)).toBe(true);
});

it('never ends anything when it is off', () => {
  expect(isMediaTimeout({ silentMs: 1e9, everHeard: true }, 0)).toBe(false);
});
