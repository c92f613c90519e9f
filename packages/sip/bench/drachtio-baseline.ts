import { createDrachtioSipStack } from '../src/index.ts';
import { clean, describe, run } from './caller.ts';
import type { RunResult } from './caller.ts';

const FIRST_RATE = 100;
const MAX_RATE = 3_200;

/** The adapter on a real drachtio-server, where its address is given: doubled from 100 calls/s until a run is not clean. */
export async function drachtioBaseline(farPort: number, seconds: number, say: (text: string) => void): Promise<RunResult | undefined> {
  const { DRACHTIO_HOST, DRACHTIO_PORT, DRACHTIO_SECRET } = process.env;
  if (DRACHTIO_HOST === undefined) return undefined;
  const stack = createDrachtioSipStack(
    {
      host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'bench',
      handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => call.reject(480), registered: () => undefined, unregistered: () => undefined },
    },
    { host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT ?? 9022), secret: DRACHTIO_SECRET ?? 'cymru', maxCallsPerSecond: Infinity },
  );
  await stack.start();
  let best: RunResult | undefined;
  for (let rate = FIRST_RATE; rate <= MAX_RATE; rate *= 2) {
    const result = await run(stack, farPort, rate, seconds);
    say(`drachtio-server with this adapter (CPU of the adapter alone): ${describe(result)}`);
    if (!clean(result)) break;
    best = result;
  }
  await stack.stop();
  return best;
}
