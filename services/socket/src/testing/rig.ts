/** For tests: one socket facade a file, on a real bus, with answers given by the test for other services. */
import { connect, type Socket } from 'node:net';
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { asExtension, asId, fact, type AgentId, type UserStatusId } from '@ritmo/domain';
import { afterAll, beforeAll } from 'vitest';
import { createSocketApp, type SocketApp } from '../app.ts';

export let stage: Stage;
export let app: SocketApp;
export const by = { kind: 'system' } as const;

beforeAll(async () => {
  stage = await createStage();
  stage.put('settings', { id: 1 });
  stage.put('user-status', { id: 1, name: 'Logado' });
  for (const [id, name] of [[21, 'Ana'], [22, 'Rui'], [23, 'Eva']] as const) stage.put('agent', { id, name, extension: String(39_979 + id), password: '1234' });
  stage.put('route', { id: 1, name: 'Local', trunks: [1], homeAreaCode: '11' });
  app = createSocketApp(stage.context, { readPort: 0, writePort: 0, commandTimeoutMs: 400, bufferLimitBytes: 64 * 1024 });
  await app.start();
});
afterAll(async () => {
  await app.stop();
  await stage.close();
});

/** Connected, and sure to hear what is told from now on. */
export async function reader(): Promise<{ socket: Socket; lines: () => string[] }> {
  const socket = connect(app.readPort(), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => socket.once('connect', resolve));
  // Connected at this end is not yet accepted at the other.
  const probe = `probe-${Math.random()}`;
  await eventually(async () => {
    stage.bus.publish('fact.AgentStatusChanged', statusChanged(probe));
    await new Promise((resolve) => setTimeout(resolve, 5));
    return text.includes(probe);
  });
  return { socket, lines: () => text.split('\r\n').filter((each) => each !== '' && !each.includes('probe-')) };
}

export const statusChanged = (extension: string) =>
  fact('AgentStatusChanged', 0, {
    agentId: asId<AgentId>(21),
    extension: asExtension(extension),
    statusId: asId<UserStatusId>(1),
    previousStatusId: null,
    previousMs: 0,
    by,
    reason: 'requested',
  });
