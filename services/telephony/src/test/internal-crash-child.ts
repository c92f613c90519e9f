/** Tests only: a telephony process that rings 1002 for whoever calls, and waits to be killed. Argument: database URL. */
import { connectDatabase } from '@ritmo/database';
import { asExtension, asId, type AgentId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { Rig } from './rig.ts';

const [url = ''] = process.argv.slice(2);
const database = connectDatabase({ url });
const rig = await Rig.start({ database: { url, database, close: () => database.close() } });
rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
rig.put('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret' });
rig.bus.subscribe('signal.incoming', async ({ callId, extension }) => {
  await rig.bus.request('telephony.take-internal', { callId, agentId: asId<AgentId>(1), extension: extension ?? asExtension(''), record: false });
  await rig.offer(callId, 1, { agentId: asId<AgentId>(2), extension: asExtension('1002') });
});
await rig.telephony.start();
process.send?.({ port: rig.port });
await rig.fact('CallAnswered');
await rig.context.journal.flush();
await waitFor(async () => (await database.query('SELECT 1 FROM telephony.open_calls WHERE dialog IS NOT NULL AND agent_dialog IS NOT NULL')).rowCount === 1, { what: 'the row' });
process.send?.({ ready: true });
setInterval(() => undefined, 1_000);
