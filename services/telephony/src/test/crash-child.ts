/** Tests only: a telephony process that places calls and waits to be killed. Arguments: database URL, carrier port, numbers, `at once` when it need not wait for a phone, seconds of silence after which a call fails. */
import { connectDatabase } from '@ritmo/database';
import { waitFor } from '@ritmo/testing';
import { Rig } from './rig.ts';

const [url = '', carrierPort = '', numbers = '', when = '', silenceS = '6'] = process.argv.slice(2);
const database = connectDatabase({ url });
const rig = await Rig.start({ database: { url, database, close: () => database.close() } });
rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: Number(carrierPort), callsPerSecond: 50, channels: 10, silenceTimeoutS: Number(silenceS) });
rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
await rig.telephony.start();
process.send?.({ port: rig.port });
if (when === 'at once') {
  rig.bus.subscribe('fact.CallEnded', () => void process.send?.({ failed: true }));
  for (const number of numbers.split(',')) await rig.originate(number);
  await new Promise(() => setInterval(() => undefined, 1_000));
}
await waitFor(async () => (await rig.bus.request('telephony.bindings', {})).bindings.length > 0, { what: 'the phone' });
const calls = [];
for (const number of numbers.split(',')) calls.push(await rig.originate(number));
await waitFor(() => rig.of('CallRang').length === calls.length, { what: 'ringing' });
const answered = await rig.fact('CallAnswered');
await rig.offer(answered.callId);
await waitFor(() => rig.legs.some(({ state }) => state === 'answered'), { what: 'the agent' });
await rig.context.journal.flush();
const { database: stored } = rig.context;
await waitFor(async () => (await stored.query('SELECT 1 FROM telephony.open_calls WHERE dialog IS NOT NULL')).rowCount === calls.length, { what: 'the rows' });
await waitFor(async () => (await stored.query('SELECT 1 FROM telephony.open_calls WHERE agent_dialog IS NOT NULL')).rowCount === 1, { what: "the agent's row" });
process.send?.({ ready: true, answered: answered.callId });
setInterval(() => undefined, 1_000);
