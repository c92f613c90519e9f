/** The phones of the relay bench. Each packet carries the time it was sent; whoever hears it notes how long it took. */
import { createSocket, type Socket } from 'node:dgram';

export interface TalkResult {
  readonly kind: 'result';
  readonly sent: number;
  readonly heard: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
}

interface TalkCommand {
  readonly kind: 'talk';
  readonly targets: readonly (readonly [number, number])[];
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const HOST = '127.0.0.1';
const calls = Number(process.argv[2]);
const MARK = 0x5eed;
/** Tenths of a millisecond up to two seconds. */
const histogram = new Uint32Array(20_001);
let sent = 0;
let heard = 0;
let round = 0;

function onPacket(packet: Buffer): void {
  // Only packets of the round being measured; silence of the relay's own has no mark.
  if (packet.length !== 172 || packet.readUInt16BE(12) !== MARK || packet.readUInt16BE(14) !== round) return;
  heard += 1;
  const delayMs = performance.now() - packet.readDoubleBE(16);
  const bin = Math.min(20_000, Math.max(0, Math.round(delayMs * 10)));
  histogram[bin] = (histogram[bin] ?? 0) + 1;
}

const phones: Socket[] = [];
for (let i = 0; i < calls * 2; i += 1) {
  const socket = createSocket({ type: 'udp4', lookup: (name, _options, callback) => callback(null, name, 4) });
  // The look-up above answers at once, and so does the binding: listen first.
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  socket.on('message', onPacket);
  phones.push(socket);
}

function percentile(p: number): number {
  let left = heard * p;
  for (let bin = 0; bin < histogram.length; bin += 1) {
    left -= histogram[bin] ?? 0;
    if (left <= 0) return bin / 10;
  }
  return histogram.length / 10;
}

function talkFor(targets: readonly number[], seconds: number): Promise<void> {
  round += 1;
  sent = 0;
  heard = 0;
  histogram.fill(0);
  const sequences = new Uint16Array(targets.length);
  // Every phone has its own phase, as phones have.
  const startMs = performance.now();
  const dueMs = targets.map((_, i) => startMs + ((i * 7.31) % 20));
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs - startMs > seconds * 1000) {
        clearInterval(timer);
        // What is still under way may arrive.
        setTimeout(resolve, 500);
        return;
      }
      for (let i = 0; i < targets.length; i += 1) {
        while ((dueMs[i] as number) <= nowMs) {
          dueMs[i] = (dueMs[i] as number) + 20;
          sendFrom(i, targets[i] as number, sequences);
        }
      }
    }, 1);
  });
}

function sendFrom(i: number, port: number, sequences: Uint16Array): void {
  const packet = Buffer.alloc(172, 0x2a);
  const sequence = ((sequences[i] as number) + 1) & 0xffff;
  sequences[i] = sequence;
  packet[0] = 0x80;
  packet[1] = 8;
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE((sequence * 160) >>> 0, 4);
  packet.writeUInt32BE(round * 100_000 + i, 8);
  packet.writeUInt16BE(MARK, 12);
  packet.writeUInt16BE(round, 14);
  packet.writeDoubleBE(performance.now(), 16);
  sent += 1;
  phones[i]?.send(packet, port, HOST);
}

process.on('message', (command: TalkCommand) => {
  const targets = command.targets.flat();
  void (async () => {
    await talkFor(targets, command.warmUpSeconds);
    process.send?.({ kind: 'warm' });
    await talkFor(targets, command.seconds);
    const result: TalkResult = { kind: 'result', sent, heard, delayP50Ms: percentile(0.5), delayP99Ms: percentile(0.99) };
    process.send?.(result);
  })();
});
process.send?.({ kind: 'ports', ports: Array.from({ length: calls }, (_, i) => [phones[i * 2]?.address().port, phones[i * 2 + 1]?.address().port]) });
