/** Tests only: a process that owns every call, and stands still for a while before it says so. Arguments: URL of the server, prefix. */
import { createNatsBus } from './nats.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
const bus = await createNatsBus({ url, prefix });
bus.serve(
  'telephony.hangup',
  () => {
    for (const untilMs = performance.now() + 800; performance.now() < untilMs; );
    return { ok: true };
  },
  { scope: 'owner' },
);
await bus.flush();
setTimeout(() => process.send?.('ready'), 50);
