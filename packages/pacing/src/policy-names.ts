/** Policies by name, for the simulator, the replay and the report. */
import type { BaselineSetting } from './baselines/baseline.ts';
import { IssabelPolicy } from './baselines/issabel.ts';
import { Patent5640445Policy } from './baselines/patent-5640445.ts';
import { PiPolicy, SinchPolicy } from './baselines/rate-controllers.ts';
import { VicidialPolicy } from './baselines/vicidial.ts';
import { createPolicy } from './policy.ts';
import type { AbandonRule, PacingHistory, PacingPolicy } from './port.ts';

export interface PolicyDescription {
  readonly name: string;
  readonly rule: string;
}

export const POLICIES: readonly PolicyDescription[] = [
  { name: 'ritmo', rule: 'starts a call while its own chance of being abandoned is under a limit that follows the cap' },
  { name: 'constant-risk', rule: 'the same with a constant limit, 0.02 unless given as constant-risk:0.03; for studies, it holds no cap' },
  { name: 'progressive', rule: 'one line per free agent' },
  { name: 'fixed-ratio', rule: 'lines per free agent, 2 unless given as fixed-ratio:2.5' },
  { name: 'sinch', rule: 'free agents plus 0.05 of the busy ones; another part as sinch:0.1' },
  { name: 'vicidial-hard-limit', rule: 'adaptive dial level; 1 when the drop limit is passed' },
  { name: 'vicidial-average', rule: 'adaptive dial level; halved when the drop limit is passed' },
  { name: 'vicidial-tapered', rule: 'adaptive dial level; stricter towards the end of the day' },
  { name: 'issabel', rule: 'agents free or free soon' },
  { name: 'issabel-overcommit', rule: 'agents free or free soon, divided by the answer ratio' },
  { name: 'us5640445', rule: 'expected agents free within a window that follows the abandoned rate' },
  { name: 'pi', rule: 'lines per agent by a PI controller on the abandoned rate, set-point 2.8 % for a cap of 3 %' },
];

/** May be followed by a number, as in `fixed-ratio:2.5`. */
const WITH_ARGUMENT: ReadonlySet<string> = new Set(['constant-risk', 'fixed-ratio', 'sinch']);

export interface NamedSetting extends BaselineSetting {
  readonly abandon: AbandonRule;
  readonly history?: PacingHistory;
}

export class UnknownPolicyError extends Error {
  constructor(name: string) {
    super(`unknown policy "${name}"; known: ${POLICIES.map((policy) => policy.name).join(', ')}`);
    this.name = 'UnknownPolicyError';
  }
}

export function policyByName(text: string, setting: NamedSetting): PacingPolicy {
  const [name, argument, ...more] = text.split(':') as [string, string | undefined, ...string[]];
  const value = argument === undefined || argument === '' ? NaN : Number(argument);
  if (argument !== undefined && (more.length > 0 || !(value >= 0) || !WITH_ARGUMENT.has(name))) throw new UnknownPolicyError(text);
  const history = setting.history === undefined ? {} : { history: setting.history };
  switch (name) {
    case 'ritmo':
      return createPolicy({ mode: 'predictive', abandon: setting.abandon, ...history });
    case 'constant-risk':
      return createPolicy({ mode: 'predictive', abandon: setting.abandon, fixedRisk: argument === undefined ? 0.02 : value, ...history });
    case 'progressive':
      return createPolicy({ mode: 'progressive' });
    case 'fixed-ratio':
      return createPolicy({ mode: 'power', ratio: argument === undefined ? 2 : value });
    case 'sinch':
      return new SinchPolicy(argument === undefined ? 0.05 : value);
    case 'vicidial-hard-limit':
      return new VicidialPolicy('hard-limit', setting);
    case 'vicidial-average':
      return new VicidialPolicy('average', setting);
    case 'vicidial-tapered':
      return new VicidialPolicy('tapered', setting);
    case 'issabel':
      return new IssabelPolicy(false);
    case 'issabel-overcommit':
      return new IssabelPolicy(true);
    case 'us5640445':
      return new Patent5640445Policy(setting);
    case 'pi':
      return new PiPolicy(setting);
    default:
      throw new UnknownPolicyError(text);
  }
}
