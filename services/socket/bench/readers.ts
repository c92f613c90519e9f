/** Readers in a process of their own: counts lines, checks their order, measures from event to line. */
import { connect } from 'node:net';

const [port = 0, count = 0, expected = 0] = process.argv.slice(2).map(Number);
const delays: number[] = [];
let outOfOrder = 0;
let finished = 0;

function reader(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let rest = '';
    let next = 0;
    socket.setEncoding('utf8').on('error', reject);
    socket.once('connect', () => resolve());
    socket.on('data', (chunk: string) => {
      const now = performance.timeOrigin + performance.now();
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        // <S><<sequence>.<ms>>...: what the bench publishes; the rest are the calls' own lines.
        const mark = /^<S><(\d+)\.(\d+\.?\d*)>/.exec(line);
        if (mark === null) continue;
        if (Number(mark[1]) !== next) outOfOrder += 1;
        next = Number(mark[1]) + 1;
        delays.push(now - Number(mark[2]));
        if (next === expected) finished += 1;
      }
      if (finished === count) report();
    });
  });
}

function report(): void {
  delays.sort((a, b) => a - b);
  const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? NaN;
  process.send?.({ kind: 'report', lines: delays.length, outOfOrder, finished, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: delays.at(-1) ?? NaN });
}

for (let from = 0; from < count; from += 100) await Promise.all(Array.from({ length: Math.min(100, count - from) }, reader));
process.send?.({ kind: 'connected' });
process.on('message', (message) => {
  if (message === 'report') report();
  if (message === 'stop') process.exit(0);
});
