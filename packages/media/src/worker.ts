/** Entry of the thread that moves packets. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RelayCommand, RelayWorkerData } from './commands.ts';
import { RelayCore } from './relay-core.ts';
import { inBatches } from './relay-thread.ts';

const port = parentPort;
if (port) {
  const { options, counters } = workerData as RelayWorkerData;
  const core = new RelayCore(options, new Float64Array(counters), inBatches((reports) => port.postMessage(reports)));
  port.on('message', (commands: readonly RelayCommand[]) => {
    for (const command of commands) core.handle(command);
  });
  port.postMessage('listening');
}
