import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startTestDatabase } from '@ritmo/database/testing';
import { waitFor } from '@ritmo/testing';
import { expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

test('41: after a kill the next start ends a call between extensions at both phones, and closes it as interrupted', async () => {
  const db = await startTestDatabase();
  const [ana, rui] = await Promise.all([FarEnd.start({ hz: 900 }), FarEnd.start({ hz: 1300 })]);
  const child = fork(fileURLToPath(new URL('./test/internal-crash-child.ts', import.meta.url)), [db.url], { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const said: { port?: number; ready?: boolean }[] = [];
  child.on('message', (message) => void said.push(message as (typeof said)[number]));
  try {
    const port = await waitFor(() => said.find((message) => message.port !== undefined)?.port, { what: 'the child', timeoutMs: 30_000 });
    await Promise.all([ana.register(port, '1001', 'secret'), rui.register(port, '1002', 'secret')]);
    rui.onCall = (call) => call.answer();
    const caller = await ana.dial(port, '1002', '1001', { username: '1001', password: 'secret' });
    await waitFor(() => said.find((message) => message.ready), { what: 'both to talk', timeoutMs: 30_000 });
    child.kill('SIGKILL');
    await exited;
    const called = await rui.invite();
    expect([caller.isOver, called.isOver]).toEqual([false, false]);
    const rig = await Rig.start({ database: db, sipPort: port });
    await rig.telephony.start();
    expect(await rig.fact('CallEnded')).toMatchObject({ direction: 'internal', wireOutcome: 'interrupted', by: 'system', from: '1001', to: '1002' });
    await waitFor(() => caller.isOver && called.isOver, { what: 'BYE at both phones', timeoutMs: 15_000 });
    await rig.quiet();
    // The phones are done before their 200 to our BYE is heard: only then is the call over, and goes with the rest at the stop.
    await waitFor(async () => (await db.database.query('SELECT 1 FROM telephony.open_calls WHERE NOT over')).rowCount === 0, { what: 'the call to be noted as over', timeoutMs: 15_000 });
    await rig.stop();
    expect((await db.database.query('SELECT 1 FROM telephony.open_calls')).rowCount).toBe(0);
  } finally {
    child.kill('SIGKILL');
    await Promise.all([ana.stop(), rui.stop()]);
    await db.close();
  }
}, 90_000);
