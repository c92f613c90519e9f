import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { CallId } from '@ritmo/domain';
import type { Ledger } from './ledger.ts';
import { faultOf, hearRecording } from './recording-sound.ts';
import type { Check } from './result.ts';

/** What the carrier saw, as far as the reconciliation needs it. */
export interface CarrierView {
  readonly invitesSeen: number;
  /** How many INVITEs each SIP Call-ID had. */
  readonly invitesByCallId: Readonly<Record<string, number>>;
  readonly maxChannels: number;
  readonly maxCps: number;
  readonly answered: number;
  /** Still up now. */
  readonly channels: number;
}

export interface ReconciliationParts {
  readonly carrier: CarrierView;
  readonly ledger: Ledger;
  readonly resultRows: number;
  readonly channelLimit: number;
  readonly cpsLimit: number;
  readonly recordingsDir: string;
}

/** A SIP Call-ID of ours is `<call id>@<domain>`. */
const callIdOf = (sipCallId: string): CallId => (sipCallId.split('@')[0] ?? sipCallId) as CallId;
const few = (ids: readonly string[]): string => (ids.length === 0 ? '' : ` (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''})`);
const missingFrom = <T>(ids: Iterable<T>, others: { has(id: T): boolean }): T[] => [...ids].filter((id) => !others.has(id));

/** INVITEs seen = attempts stored = result rows; limits held at the far end; every answered call and every delivered call accounted for. */
export async function reconcile(parts: ReconciliationParts): Promise<readonly Check[]> {
  const { carrier, ledger } = parts;
  const seen = new Set(Object.keys(carrier.invitesByCallId).map(callIdOf));
  const twice = Object.entries(carrier.invitesByCallId).flatMap(([id, count]) => (count > 1 ? [id] : []));
  const unseen = missingFrom(ledger.attempts, seen);
  const unknown = missingFrom(seen, ledger.attempts);
  const open = missingFrom(ledger.attempts, ledger.ended);
  const strayAnswers = [...ledger.answered].filter((id) => !ledger.delivered.has(id) && !ledger.abandoned.has(id) && !ledger.ended.has(id));
  const unrecorded = missingFrom(ledger.delivered, ledger.recorded);
  const needless = missingFrom(ledger.recorded.keys(), ledger.delivered);
  const lostFiles = await lostFilesOf(ledger, parts.recordingsDir);
  const faults = lostFiles.length === 0 ? await faultsOf(ledger, parts.recordingsDir) : [];
  const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail });
  return [
    check(
      'INVITEs the carrier saw = attempts stored = result rows',
      carrier.invitesSeen > 0 && carrier.invitesSeen === ledger.attempts.size && ledger.attempts.size === parts.resultRows && unseen.length === 0 && unknown.length === 0,
      `${carrier.invitesSeen} = ${ledger.attempts.size} = ${parts.resultRows}${few(unseen)}${few(unknown)}`,
    ),
    check('nothing was dialed twice under one id', twice.length === 0 && ledger.doubled.length === 0, `${twice.length + ledger.doubled.length} doubled${few(twice)}`),
    check('channel limit at the carrier', carrier.maxChannels <= parts.channelLimit, `${carrier.maxChannels} of ${parts.channelLimit}`),
    check('calls-per-second limit at the carrier', carrier.maxCps <= parts.cpsLimit, `${carrier.maxCps} of ${parts.cpsLimit} in the busiest second`),
    check(
      'every answered call is accounted for',
      carrier.answered === ledger.answered.size && strayAnswers.length === 0,
      `${carrier.answered} answered at the carrier = ${ledger.answered.size} stored: ${ledger.delivered.size} delivered, ${ledger.abandoned.size} abandoned, ${countOther(ledger)} otherwise${few(strayAnswers)}`,
    ),
    check('every attempt has its end', open.length === 0, `${ledger.ended.size} ended of ${ledger.attempts.size}${few(open)}`),
    check(
      'recordings = delivered calls',
      unrecorded.length === 0 && needless.length === 0 && lostFiles.length === 0,
      `${ledger.recorded.size} = ${ledger.delivered.size}${few(unrecorded)}${few(needless)}${lostFiles.length === 0 ? '' : `, files missing: ${lostFiles.length}`}`,
    ),
    check(
      'recordings sound right: customer left, agent right, as long as the talk',
      faults.length === 0,
      faults.length === 0 ? `${ledger.recorded.size} listened to` : `${faults.length} do not: ${faults.slice(0, 3).join('; ')}`,
    ),
    check('no channel is left in use', carrier.channels === 0, `${carrier.channels} at the carrier`),
  ];
}

const countOther = (ledger: Ledger): number => [...ledger.answered].filter((id) => !ledger.delivered.has(id) && !ledger.abandoned.has(id)).length;

const placeOf = (file: string, recordingsDir: string): string => (isAbsolute(file) ? file : join(recordingsDir, file));

/** One file in memory at a time. */
async function faultsOf(ledger: Ledger, recordingsDir: string): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [callId, files] of ledger.recorded) {
    const talk = ledger.talks.get(callId);
    if (!talk) continue;
    const heard = [];
    for (const file of files) heard.push(await hearRecording(placeOf(file, recordingsDir), talk));
    const fault = faultOf(heard, talk.talkMs);
    if (fault !== undefined) faults.push(`${callId}: ${fault}`);
  }
  return faults;
}

async function lostFilesOf(ledger: Ledger, recordingsDir: string): Promise<readonly string[]> {
  const files = [...ledger.recorded.values()].flat().map((file) => placeOf(file, recordingsDir));
  const found = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, index) => found[index] === false);
}
