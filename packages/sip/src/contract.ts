import { describe } from 'vitest';
import { callContract } from './contract/calls.ts';
import { inCallContract } from './contract/in-call.ts';
import { lossContract } from './contract/loss.ts';
import { registrationContract } from './contract/registration.ts';
import type { SipStackFactory } from './contract/rig.ts';
import { sippContract } from './contract/sipp-scenarios.ts';
import { stackContract } from './contract/stack.ts';

export type { SipStackFactory } from './contract/rig.ts';

/** The contract of the SipStack port, over real sockets: every adapter passes it. The far end is the native stack or SIPp. */
export function sipStackContract(name: string, make: SipStackFactory): void {
  describe(`${name}: calls`, () => callContract(make));
  describe(`${name}: inside a call`, () => inCallContract(make));
  describe(`${name}: the stack`, () => stackContract(make));
  describe(`${name}: registration and authentication`, () => registrationContract(make));
  describe(`${name}: lost packets`, () => lossContract(make));
  describe(`${name}: SIPp scenarios`, () => sippContract(make));
}
