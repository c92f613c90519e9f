import { gunzipSync, gzipSync } from 'node:zlib';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeMessage, encodeMessage } from './json.ts';

/** From here on a message is compressed: NATS refuses more than 1 MB unless configured otherwise. */
const COMPRESS_FROM_BYTES = 65_536;

export function encodePayload(message: unknown): Uint8Array {
  const bytes = Buffer.from(encodeMessage(message), 'utf8');
  return bytes.length < COMPRESS_FROM_BYTES ? bytes : gzipSync(bytes, { level: 1 });
}

/** JSON never begins with gzip's first byte. */
export function decodePayload(bytes: Uint8Array): unknown {
  const plain = bytes[0] === 0x1f ? gunzipSync(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return decodeMessage(plain.toString('utf8'));
}

export type Outbox = (subject: string, payload: Uint8Array, reply?: string) => void;

/**
 * Publishes. While the server is away messages wait here, in order and up to a limit; what does not fit is dropped and counted
 * in the log. The client itself forgets what was published while it had no connection.
 */
export function createOutbox(connection: NatsConnection, maxPendingBytes: number, log: (message: string) => void): Outbox {
  const waiting: Parameters<Outbox>[] = [];
  let connected = true;
  let pendingBytes = 0;
  let dropped = 0;

  function send(subject: string, payload: Uint8Array, reply?: string): void {
    connection.publish(subject, payload, reply === undefined ? undefined : { reply });
  }

  function resume(): void {
    connected = true;
    log(`NATS is back${dropped === 0 ? '' : `; ${dropped} messages were dropped meanwhile`}`);
    for (const args of waiting.splice(0)) send(...args);
    pendingBytes = 0;
    dropped = 0;
  }

  async function watch(): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        connected = false;
        log('NATS is away; reconnecting');
      } else if (status.type === 'reconnect') resume();
      else if (status.type === 'error') log(`NATS: ${status.error.message}`);
    }
  }
  watch().catch((error: unknown) => log(`NATS status: ${error instanceof Error ? error.message : String(error)}`));

  return (subject, payload, reply) => {
    if (connected) return send(subject, payload, reply);
    if (pendingBytes + payload.length > maxPendingBytes) dropped += 1;
    else {
      pendingBytes += payload.length;
      waiting.push(reply === undefined ? [subject, payload] : [subject, payload, reply]);
    }
  };
}
