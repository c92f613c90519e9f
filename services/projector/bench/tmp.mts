import { startTestDatabase } from '@ritmo/database/testing';
import { createMemoryEventStore } from '@ritmo/event-store';
import { prepareSchema, rebuildViews } from '../src/index.ts';
import { appendFacts, randomFacts } from '../src/sample-facts.ts';
const t = await startTestDatabase();
await prepareSchema(t.database);
const events = createMemoryEventStore();
const facts = randomFacts(3, 4000);
await appendFacts(events, facts);
for (let i=0;i<2;i++){ const f=performance.now(); const c=process.cpuUsage(); const r = await rebuildViews({database:t.database, events}); const c2=process.cpuUsage(c);
console.log(facts.length, r.events, 'ev/s', Math.round(facts.length/(performance.now()-f)*1000), 'node cpu ms', (c2.user+c2.system)/1000); }
await t.close();
