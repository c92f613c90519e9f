/** A stereo WAV from a capture of the customer's call: what came from the phone left, what came from the agent's side right. */
import { transcodingTable } from '../g711.ts';
import type { Codec, RecordingPart } from '../port.ts';
import { RecordingFile } from '../recording-file.ts';
import { CHANNEL, RecordingTimeline } from '../recording-timeline.ts';
import { recordingShape } from '../recording.ts';
import { looksLikeRtcp, payloadBounds, readRtpHeader } from '../rtp.ts';
import { readPcap } from './pcap.ts';

export interface CaptureFacts {
  readonly pcap: string;
  readonly file: string;
  readonly law: Codec;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Ports that rtpengine heard the phone and the agent's side on. */
  readonly phonePort: number;
  readonly insidePort: number;
}

const TAKE_EVERY_MS = 1000;

export async function wavOfCapture(facts: CaptureFacts, failed: (error: string) => void): Promise<RecordingPart> {
  const timeline = new RecordingTimeline(facts.law, facts.startedAtMs);
  const out = new RecordingFile(facts.file, recordingShape(facts.law), failed);
  await out.begin();
  let takenAtMs = facts.startedAtMs;
  for await (const { atMs, destinationPort, payload } of readPcap(facts.pcap)) {
    const side = destinationPort === facts.phonePort ? CHANNEL.customer : destinationPort === facts.insidePort ? CHANNEL.agent : undefined;
    const bounds = payloadBounds(payload);
    if (side === undefined || !bounds || looksLikeRtcp(payload) || atMs < facts.startedAtMs || atMs > facts.endedAtMs) continue;
    const { payloadType, ssrc, timestamp } = readRtpHeader(payload);
    const law = payloadType === 8 ? 'PCMA' : payloadType === 0 ? 'PCMU' : undefined;
    if (!law) continue;
    if (atMs - takenAtMs > TAKE_EVERY_MS) {
      takenAtMs = atMs;
      out.append(timeline.takeSettled(atMs));
      await out.settled();
    }
    timeline.add(side, ssrc, timestamp, payload, bounds.start, bounds.end, transcodingTable(law, facts.law), atMs);
  }
  out.append(timeline.takeRest(facts.endedAtMs));
  const { dataBytes, fileBytes } = await out.finish();
  return { file: facts.file, durationMs: Math.round(dataBytes / 16), bytes: fileBytes };
}
