/** Entry of the process that carrier and agents run in, away from the product they watch. Forked by `forkSimulator`. */
import { startAgents } from './agents.ts';
import type { SimulatedAgents } from './agents-port.ts';
import { startCarrier, type SimulatedCarrier } from './carrier.ts';
import type { SimulatorCommand, SimulatorReport } from './simulator.ts';

let carrier: SimulatedCarrier | undefined;
let agents: SimulatedAgents | undefined;

function tell(report: SimulatorReport): void {
  process.send?.(report);
}

async function obey(command: SimulatorCommand): Promise<unknown> {
  switch (command.kind) {
    case 'start-carrier':
      carrier = await startCarrier(command.options);
      return { host: carrier.host, port: carrier.port };
    case 'start-agents':
      agents = await startAgents({
        ...command.options,
        onWrapUp: (call) => tell({ kind: 'wrap-up', call }),
        onRegistered: (extension) => tell({ kind: 'registered', extension }),
      });
      return { host: agents.host, port: agents.port };
    case 'change-carrier':
      carrier?.change(command.change);
      return undefined;
    case 'change-agents':
      agents?.change(command.change);
      return undefined;
    case 'call':
      return carrier?.call(command.options);
    case 'hang-up-all':
      carrier?.hangUpAll();
      return undefined;
    case 'stats':
      return { carrier: carrier?.stats() ?? null, agents: agents?.stats() ?? null };
    case 'stop-agents':
      await agents?.stop();
      agents = undefined;
      return undefined;
    case 'stop':
      await Promise.all([agents?.stop(), carrier?.stop()]);
      return undefined;
  }
}

process.on('message', ({ request, command }: { request: number; command: SimulatorCommand }) => {
  obey(command).then(
    (answer) => {
      process.send?.({ kind: 'done', request, answer } satisfies SimulatorReport, () => {
        if (command.kind === 'stop') process.exit(0);
      });
    },
    (error: Error) => tell({ kind: 'failed', request, message: error.message }),
  );
});
// The parent died: nobody asks any more.
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C goes to the whole group; the parent decides when we end.
process.on('SIGINT', () => undefined);
tell({ kind: 'ready' });
