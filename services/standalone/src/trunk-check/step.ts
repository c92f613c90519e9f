/** What was looked at. In this order, because each stands on those before it. */
export const stepNames = ['name', 'transport', 'options', 'registration', 'authentication', 'codec', 'call', 'sound'] as const;
export type StepName = (typeof stepNames)[number];

export interface Step {
  readonly name: StepName;
  /** `warns`: it works, and something is worth knowing. `skipped`: not looked at, and why. */
  readonly result: 'ok' | 'warns' | 'fails' | 'skipped';
  /** What was seen, in plain words. */
  readonly seen: string;
  /** What to do about it. */
  readonly todo?: string;
}

export const ok = (name: StepName, seen: string): Step => ({ name, result: 'ok', seen });
export const warns = (name: StepName, seen: string, todo: string): Step => ({ name, result: 'warns', seen, todo });
export const fails = (name: StepName, seen: string, todo: string): Step => ({ name, result: 'fails', seen, todo });
export const skipped = (name: StepName, seen: string): Step => ({ name, result: 'skipped', seen });
