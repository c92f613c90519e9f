/** Telephone events: named key presses in RTP (RFC 4733 2.3), and the tones themselves where a peer has no such payload. */
import { encodeSample, SAMPLE_RATE } from './g711.ts';
import type { Codec } from './port.ts';

const KEYS = '0123456789*#ABCD';
export const EVENT_PAYLOAD_BYTES = 4;
/** The last packet of an event is sent three times (RFC 4733 2.5.1.4). */
export const END_PACKETS = 3;
/** How long a key that we send is pressed, and the pause after it. ITU-T Q.24 asks for at least 40 ms of each. */
export const PRESS_MS = 100;
export const PAUSE_MS = 60;
/** -10 dBm0. */
const VOLUME = 10;

export function eventOfDigit(digit: string): number | undefined {
  const event = KEYS.indexOf(digit.toUpperCase());
  return digit.length === 1 && event >= 0 ? event : undefined;
}

export function digitOfEvent(event: number): string | undefined {
  return KEYS[event];
}

export function writeEvent(packet: Buffer, offset: number, event: number, end: boolean, durationSamples: number): void {
  packet[offset] = event;
  packet[offset + 1] = (end ? 0x80 : 0) | VOLUME;
  packet.writeUInt16BE(Math.min(durationSamples, 0xffff), offset + 2);
}

/** Tells key presses from the many packets that repeat them. */
export class KeyPressReader {
  private lastTimestamp = -1;
  private lastSsrc = -1;

  /**
   * The digit of a press seen for the first time. All packets of a press carry the timestamp of its begin (RFC 4733 2.2.2), so any of
   * them will do: a press whose first packets were lost is still heard.
   */
  read(payload: Buffer, start: number, end: number, ssrc: number, timestamp: number): string | undefined {
    if (end - start < EVENT_PAYLOAD_BYTES) return undefined;
    if (ssrc === this.lastSsrc) {
      if (timestamp === this.lastTimestamp) return undefined;
      // A late packet of an earlier press.
      if (((timestamp - this.lastTimestamp) | 0) < 0) return undefined;
    }
    this.lastSsrc = ssrc;
    this.lastTimestamp = timestamp;
    return digitOfEvent(payload[start] as number);
  }
}

/** ITU-T Q.23 frequencies, Hz. */
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const PAD = '123A456B789C*0#D';

/** The two tones of a key, for peers without telephone-event. */
export function toneOfDigit(digit: string, durationMs: number, codec: Codec): Buffer {
  const place = PAD.indexOf(digit.toUpperCase());
  const low = ROWS[place >> 2] ?? 0;
  const high = COLUMNS[place & 3] ?? 0;
  const out = Buffer.allocUnsafe((durationMs * SAMPLE_RATE) / 1000);
  for (let i = 0; i < out.length; i += 1) {
    const t = (2 * Math.PI * i) / SAMPLE_RATE;
    out[i] = encodeSample(Math.round(6000 * Math.sin(low * t) + 7500 * Math.sin(high * t)), codec);
  }
  return out;
}
