import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startTestDatabase } from '@ritmo/database/testing';
import { asExtension, asId, type TrunkId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

test('41: after a kill the next start ends what still rings and talks, counts it meanwhile, and closes it as interrupted', async () => {
  const db = await startTestDatabase();
  const carrier = await FarEnd.start({ hz: 500 });
  const phone = await FarEnd.start({ hz: 900 });
  const child = fork(fileURLToPath(new URL('./test/crash-child.ts', import.meta.url)), [db.url, String(carrier.port), '101,102,103'], {
    execArgv: ['--import', 'tsx'],
    stdio: 'inherit',
  });
  const said: { port?: number; ready?: boolean; answered?: string }[] = [];
  child.on('message', (message) => void said.push(message as (typeof said)[number]));
  carrier.onCall = async (call) => {
    call.ring();
    if (call.incoming?.toUser === '102') await call.answer();
  };
  phone.onCall = (call) => call.answer();
  const port = await waitFor(() => said.find((message) => message.port !== undefined)?.port, { what: 'the child', timeoutMs: 15_000 });
  await phone.register(port, '1001', 'secret');
  const ready = await waitFor(() => said.find((message) => message.ready), { what: 'the calls of the child', timeoutMs: 15_000 });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  expect(carrier.calls.map((call) => call.isOver)).toEqual([false, false, false]);

  // A CANCEL is matched by the Via of its INVITE (RFC 3261 9.1), so the next process is heard at the same port.
  const rig = await Rig.start({ database: db, sipPort: port });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 50, channels: 10 });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  await rig.telephony.start();
  await waitFor(() => rig.of('CallEnded').length === 3, { what: 'three ends' });
  expect(rig.of('CallEnded').map(({ wireOutcome, by }) => [wireOutcome, by])).toEqual(Array(3).fill(['interrupted', 'system']));
  expect(rig.of('CallEnded').filter(({ billMs }) => billMs > 0).map(({ callId }) => callId as string)).toEqual([ready.answered]);
  await waitFor(() => [...carrier.calls, ...phone.calls].every((call) => call.isOver), { what: 'CANCEL and BYE at the far ends' });
  await rig.quiet();
  // The phone is known still, without a new REGISTER.
  expect((await rig.bus.request('telephony.bindings', {})).bindings.map(({ extension }) => extension)).toEqual([asExtension('1001')]);
  await waitFor(async () => (await rig.bus.request('telephony.reserve', { trunkId: asId<TrunkId>(1), count: 99 })).slots.length === 10, { what: 'all channels' });
  await rig.stop();
  expect((await db.database.query('SELECT 1 FROM telephony.open_calls')).rowCount).toBe(0);
  await Promise.all([carrier.stop(), phone.stop()]);
  await db.close();
}, 40_000);

test.each(['INVITE', 'ACK'] as const)('41: a kill in the moment of an %s leaves nothing at the carrier, and channels come back within seconds', async (moment) => {
  const db = await startTestDatabase();
  const carrier = await FarEnd.start({ hz: 500 });
  const child = fork(fileURLToPath(new URL('./test/crash-child.ts', import.meta.url)), [db.url, String(carrier.port), '101,102,103', 'at once'], {
    execArgv: ['--import', 'tsx'],
    stdio: 'inherit',
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let port = 0;
  child.on('message', (message) => (port = (message as { port?: number }).port ?? port));
  carrier.onCall = async (call) => {
    if (moment === 'ACK') await call.answer();
    // Before the dialog's row can be written by whatever the INVITE's sender does next.
    child.kill('SIGKILL');
    if (moment === 'INVITE') call.ring();
  };
  await exited;
  const rig = await Rig.start({ database: db, sipPort: port });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 50, channels: 10 });
  await rig.telephony.start();
  await waitFor(() => rig.telephony.occupied().channels === 0, { what: 'all channels', timeoutMs: 20_000 });
  expect(carrier.calls.length).toBeGreaterThan(0);
  await waitFor(() => carrier.calls.every((call) => call.isOver), { what: 'the end of every call that the carrier saw' });
  await rig.stop();
  await carrier.stop();
  await db.close();
}, 60_000);
