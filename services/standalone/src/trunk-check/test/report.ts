/** Tests only: a check of one trunk on loopback, and what its report says. */
import { TrunkSchema, type Trunk } from '@ritmo/domain';
import { Value } from '@sinclair/typebox/value';
import { checkTrunk, type TrunkCheckRequest, type TrunkReport } from '../check.ts';

export const host = '127.0.0.1';

export const trunkAt = (port: number, more: Partial<Trunk> = {}): Trunk => Value.Default(TrunkSchema, { id: 1, name: 'Operadora', host, port, ...more }) as Trunk;

export const check = (trunk: Trunk, more: Partial<TrunkCheckRequest> = {}): Promise<TrunkReport> =>
  checkTrunk({ trunk, listen: host, sipPort: 0, timeoutMs: 2_000, ringTimeoutMs: 5_000, listenMs: 300, t1Ms: 100, ...more });

export const results = (report: TrunkReport): Record<string, string> => Object.fromEntries(report.steps.map(({ name, result }) => [name, result]));

export const seenOf = (report: TrunkReport, name: string): string => report.steps.find((step) => step.name === name)?.seen ?? '';
