import { createConnection } from 'node:net';
import type { HandledCall } from '@ritmo/testing';
import { demoCampaignId } from './demo-config.ts';

/** What an integrator's CRM does: it knows whose number it is, and writes the agent's disposition to the socket (manual 1.2.2.1). */
export interface Crm {
  setDisposition(call: HandledCall, dispositionId: number): Promise<void>;
  readonly accepted: number;
  /** Answers other than the documented success, as they came. */
  readonly refusals: readonly string[];
}

const accepted = 'STATUS INSERIDO COM SUCESSO';
const answerLimitMs = 5_000;

export function createCrm(options: { readonly port: number; readonly ownerOfNumber: ReadonlyMap<string, string> }): Crm {
  const refusals: string[] = [];
  let count = 0;
  return {
    async setDisposition(call, dispositionId) {
      const contract = options.ownerOfNumber.get(call.customer) ?? '';
      const callId = call.headers['X-Ritmo-Call-Id'] ?? '';
      const fields = [contract, call.customer, demoCampaignId, dispositionId, call.extension, '', callId];
      const answer = await sendCommand(options.port, `<SETSTATUSTELEFONECAMPANHA>${fields.map((field) => `<${field}>`).join('')}`).catch(
        (error: unknown) => String(error),
      );
      if (answer === accepted) count += 1;
      else refusals.push(answer);
    },
    get accepted() {
      return count;
    },
    refusals,
  };
}

/** One command, one answer line, close. */
export function sendCommand(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    socket.setEncoding('utf8');
    socket.setTimeout(answerLimitMs, () => socket.destroy(new Error('the socket did not answer')));
    socket.on('connect', () => socket.write(`${command}\r\n`));
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.trim()));
  });
}
