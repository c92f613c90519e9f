/** Entry of the thread that moves packets. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RelayCommand, RelayWorkerData } from './commands.ts';
import { RelayCore } from './relay-core.ts';

const port = parentPort;
if (port) {
  const { options, counters } = workerData as RelayWorkerData;
  const core = new RelayCore(options, new Float64Array(counters), (report) => port.postMessage(report));
  port.on('message', (command: RelayCommand) => core.handle(command));
  port.postMessage('listening');
}
