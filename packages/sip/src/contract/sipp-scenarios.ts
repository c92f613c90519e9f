import type { SipStackFactory } from './rig.ts';
export function sippContract(_make: SipStackFactory): void {}
