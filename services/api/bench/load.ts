/** A process of load: keep-alive connections, each asks again as soon as it was answered in full. */
import { connect } from 'node:net';

interface Task {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
}

const { port, path, connections, seconds } = JSON.parse(process.argv[2] ?? '') as Task;
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n`);
let answered = 0;
let stopped = false;
const took: number[] = [];

function client(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let asked = 0;
    const ask = (): void => {
      asked = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true).setEncoding('latin1').on('connect', ask).on('error', reject);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? NaN);
      if (text.length < head + 4 + length) return;
      if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text));
      text = text.slice(head + 4 + length);
      answered += 1;
      took.push(performance.now() - asked);
      if (!stopped) return ask();
      socket.destroy();
      resolve();
    });
  });
}

const began = performance.now();
setTimeout(() => (stopped = true), seconds * 1_000);
await Promise.all(Array.from({ length: connections }, client));
const elapsed = (performance.now() - began) / 1_000;
took.sort((a, b) => a - b);
process.send?.({ answered, perSecond: answered / elapsed, p99Ms: took[Math.floor(took.length * 0.99)] ?? 0 });
