/** Listens to recordings: is each person in them, on the side where they belong, for as long as they talked. */
import { readFile } from 'node:fs/promises';
import { parseWav, WAVE_FORMAT } from '@ritmo/media';
import { toneHzOfExtension, toneHzOfNumber, toneShare } from '@ritmo/testing';

export interface Talk {
  /** As it was dialed. */
  readonly number: string;
  readonly extension: string;
  readonly talkMs: number;
}

export interface Heard {
  readonly durationMs: number;
  /** Share of the time in which this person's own tone is heard on their side: customer left, agent right. */
  readonly customer: number;
  readonly agent: number;
}

/** Pieces that are judged as a whole: 20 ms. */
const pieceBytes = 160;
const isTone = 0.5;

export async function hearRecording(file: string, { number, extension }: Talk): Promise<Heard> {
  const { shape, data } = parseWav(await readFile(file));
  const codec = shape.format === WAVE_FORMAT.mulaw ? 'PCMU' : 'PCMA';
  const share = (side: 0 | 1, hz: number): number => {
    const words = Buffer.alloc(Math.floor(data.length / 2));
    for (let at = 0; at < words.length; at += 1) words[at] = data[2 * at + side] as number;
    const pieces = Math.floor(words.length / pieceBytes);
    let heard = 0;
    for (let piece = 0; piece < pieces; piece += 1) if (toneShare(words.subarray(piece * pieceBytes, (piece + 1) * pieceBytes), codec, hz) >= isTone) heard += 1;
    return pieces === 0 ? 0 : heard / pieces;
  };
  return { durationMs: Math.round(data.length / 16), customer: share(0, toneHzOfNumber(number)), agent: share(1, toneHzOfExtension(extension)) };
}

/** People in the demo sing all the time; packets that come late leave gaps. */
const leastShare = 0.5;
/** A shorter talk proves nothing. */
const shortestMs = 1_000;
const mostOffMs = 1_500;

/** What is wrong with the recording of a call, part by part; undefined: nothing. */
export function faultOf(parts: readonly Heard[], talkMs: number): string | undefined {
  const durationMs = parts.reduce((sum, part) => sum + part.durationMs, 0);
  if (Math.abs(durationMs - talkMs) > mostOffMs) return `${durationMs} ms of a talk of ${talkMs} ms`;
  for (const { durationMs: ms, customer, agent } of parts) {
    if (ms < shortestMs) continue;
    if (customer < leastShare) return `the customer is heard in ${Math.round(100 * customer)} % of the time`;
    if (agent < leastShare) return `the agent is heard in ${Math.round(100 * agent)} % of the time`;
  }
  return undefined;
}
