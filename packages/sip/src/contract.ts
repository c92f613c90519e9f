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
 * names of tests that an engine of another maker cannot pass, each with the reason, which is printed. The tests wait most of their time and
 * run side by side; `oneAtATime` where all stacks share one engine, which gives a call to any of them.
 */
export function sipStackContract(name: string, make: SipStackFactory, cannot: Readonly<Record<string, string>> = {}, oneAtATime = false): void {
  const group = oneAtATime ? describe : describe.concurrent;
  beforeEach(({ task, skip }) => {
    const reason = cannot[task.name];
    if (reason === undefined) return;
    console.warn(`skipped: ${task.name}: ${reason}`);
    skip(reason);
  });
  group(`${name}: calls`, () => callContract(make));
  group(`${name}: inside a call`, () => inCallContract(make));
  group(`${name}: the stack`, () => stackContract(make));
  group(`${name}: registration and authentication`, () => registrationContract(make));
  group(`${name}: lost packets`, () => lossContract(make));
  group(`${name}: silence`, () => silenceContract(make));
  group(`${name}: SIPp scenarios`, () => sippContract(make));
}
