import { timingSafeEqual } from 'node:crypto';

export type SecretCheck = (given: string) => boolean;

const longestSecretBytes = 512;
const scratch = Buffer.alloc(longestSecretBytes);

/** Constant in time, whatever the lengths: both are compared over the same number of bytes. */
export function createSecretCheck(expected: string): SecretCheck {
  const padded = Buffer.alloc(longestSecretBytes);
  padded.write(expected);
  const expectedBytes = Buffer.byteLength(expected);
  return (given) => {
    const written = scratch.write(given);
    scratch.fill(0, written);
    const same = timingSafeEqual(scratch, padded);
    return same && Buffer.byteLength(given) === expectedBytes && expectedBytes <= longestSecretBytes;
  };
}
