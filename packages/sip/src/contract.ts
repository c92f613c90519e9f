import { beforeEach, describe } from 'vitest';
import { callContract } from './contract/calls.ts';
import { inCallContract } from './contract/in-call.ts';
import { lossContract } from './contract/loss.ts';
import { registrationContract } from './contract/registration.ts';
import type { SipStackFactory } from './contract/rig.ts';
import { silenceContract } from './contract/silence.ts';
import { sippContract } from './contract/sipp-scenarios.ts';
import { stackContract } from './contract/stack.ts';

export type { SipStackFactory } from './contract/rig.ts';

/**
 * The contract of the SipStack port, over real sockets: every adapter passes it. The far end is the native stack or SIPp. `cannot` has the
 * names of tests that an engine of another maker cannot pass, each with the reason, which is printed.
 */
export function sipStackContract(name: string, make: SipStackFactory, cannot: Readonly<Record<string, string>> = {}): void {
  beforeEach(({ task, skip }) => {
    const reason = cannot[task.name];
    if (reason === undefined) return;
    console.warn(`skipped: ${task.name}: ${reason}`);
    skip(reason);
  });
  describe(`${name}: calls`, () => callContract(make));
  describe(`${name}: inside a call`, () => inCallContract(make));
  describe(`${name}: the stack`, () => stackContract(make));
  describe(`${name}: registration and authentication`, () => registrationContract(make));
  describe(`${name}: lost packets`, () => lossContract(make));
  describe(`${name}: silence`, () => silenceContract(make));
  describe(`${name}: SIPp scenarios`, () => sippContract(make));
}
