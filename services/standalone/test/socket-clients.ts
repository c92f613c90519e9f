/** Integrators' clients of the two sockets (manual 1.2). */
import { connect, type Socket } from 'node:net';

/** Sends one command; resolves with what the product said until it hung up. */
export function sendCommand(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer));
    socket.write(`${text}\r\n`);
  });
}

/** Tells every whole line as it comes. */
export function readLines(port: number, told: (line: string) => void): Socket {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let left = '';
  return socket.on('data', (text: string) => {
    const parts = (left + text).split('\r\n');
    left = parts.pop() ?? '';
    for (const part of parts) told(part);
  });
}
