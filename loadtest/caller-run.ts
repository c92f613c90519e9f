import { readFile } from 'node:fs/promises';
import { UserError } from '@ritmo/runtime';
import { createRandom } from '@ritmo/testing';
import { bringAgents } from './dial-run.ts';
import { sampleMs } from './plan.ts';
import { Product, queueNumber } from './product.ts';
import { loseWith, type LoadRun, type RunParts } from './load-run.ts';
import { noProduct, type ProductFigures } from './run-metrics.ts';
import { callerCsv, callerScenario, type CallerCredentials } from './scenarios.ts';
import { callsOf } from './shapes.ts';
import { localAddressFor, Sipp } from './sipp.ts';
import { checkCaps, confirmTarget } from './target.ts';

const patienceMs = 60_000;
const loopback = '127.0.0.1';
const plannedLines = 10_000;
const longestIntervalMs = 2_000;

/** SIPp calls: a queue of Ritmo's (`--inbound`), or a trunk that is to be qualified (`--target`). */
export function createCallerRun(parts: RunParts): Promise<LoadRun> {
  return parts.options.target === undefined ? inboundRun(parts) : targetRun(parts, parts.options.target);
}

async function inboundRun(parts: RunParts): Promise<LoadRun> {
  const { folder, say, lost, closing, agents, channels, options } = parts;
  const product = await Product.start({ folder, carrier: { host: loopback, port: 5060, transport: parts.profile.transport }, agents, channels, callsPerSecond: 1 });
  closing.push(() => product.stop());
  product.onExit = (code) => loseWith(lost, `the product ended with ${code} in the middle of the run`);
  const reached = new Set<string>();
  await bringAgents(parts, product, ({ headers }) => reached.add(headers['X-Ritmo-Call-Id'] ?? ''));
  say(`${agents} agents are free; SIPp calls their queue`);
  const before = await product.usage();
  const maxCalls = Math.ceil(callsOf({ name: options.shape, rate: options.rate, seconds: options.seconds }) + options.rate);
  const sipp = await startCaller(parts, { host: loopback, port: product.sipPort, bind: loopback, numbers: [queueNumber], maxCalls });
  const figures = async (attempts: number): Promise<ProductFigures> => {
    const usage = await product.usage();
    return { ...noProduct, delivered: reached.size, productCpuMsPerCall: usage && before && attempts > 0 ? (usage.cpuMs - before.cpuMs) / attempts : null, productRssMb: usage?.peakRssMb ?? null };
  };
  return { ...callerParts(sipp, maxCalls), agents, target: null, usage: () => product.usage(), figures: (meter) => figures(meter.figures().attempts) };
}

async function targetRun(parts: RunParts, given: string): Promise<LoadRun> {
  const { options, say } = parts;
  const target = await confirmTarget(given, options.mayCall);
  checkCaps({ maxCalls: options.maxCalls, rate: options.rate, isLoopback: target.isLoopback });
  const numbers = await readNumbers(options.numbers ?? '');
  const password = process.env['RITMO_LOADTEST_PASSWORD'];
  if (options.username !== undefined && password === undefined) throw new UserError('--username needs its password in RITMO_LOADTEST_PASSWORD');
  if (password !== undefined && /[;\[\]\s"]/.test(password)) throw new UserError('RITMO_LOADTEST_PASSWORD: SIPp cannot carry a password with ; [ ] " or spaces. Nothing was called');
  const credentials = options.username === undefined || password === undefined ? undefined : { username: options.username, password };
  say(`SIPp calls ${target.name} (${target.host}): at most ${options.maxCalls} calls, ${parts.channels} at once, ${options.rate} a second, to ${numbers.length} number${numbers.length === 1 ? '' : 's'}`);
  const bind = await localAddressFor(target.host, target.port);
  const sipp = await startCaller(parts, { host: target.host, port: target.port, bind, numbers, maxCalls: options.maxCalls, ...(credentials ? { credentials } : {}) });
  return { ...callerParts(sipp, options.maxCalls), agents: 0, target: target.name, figures: () => Promise.resolve(noProduct) };
}

interface Caller {
  readonly host: string;
  readonly port: number;
  readonly bind: string;
  readonly numbers: readonly string[];
  readonly maxCalls: number;
  readonly credentials?: CallerCredentials;
}

async function startCaller({ options, profile, folder, closing, channels }: RunParts, caller: Caller): Promise<Sipp> {
  const random = createRandom(options.seed).fork('callers');
  const lines = Array.from({ length: Math.min(plannedLines, caller.maxCalls) }, (_, index) => ({
    to: caller.numbers[index % caller.numbers.length] ?? '', from: options.callerId, talkMs: sampleMs(profile.talkMs, random),
  }));
  const sipp = await Sipp.start({
    folder, name: 'caller', host: caller.bind, transport: profile.transport, lossPct: profile.lossPct,
    scenario: callerScenario({ patienceMs, withCredentials: caller.credentials !== undefined }),
    csv: callerCsv(lines, caller.credentials),
    target: { host: caller.host, port: caller.port, maxCalls: caller.maxCalls, maxChannels: channels },
  });
  closing.push(() => sipp.stop());
  return sipp;
}

function callerParts(sipp: Sipp, maxCalls: number): Omit<LoadRun, 'agents' | 'target' | 'figures' | 'usage'> {
  let rate = 0;
  return {
    sipp, maxCalls,
    quantise: (wanted) => Math.max(0, wanted),
    setRate: (wanted) => Promise.resolve(sipp.setRate((rate = wanted))),
    async endDialing() {
      // SIPp makes the first call of a rate one interval after it was told: the last one is still to come.
      if (rate > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(longestIntervalMs, 1000 / rate)));
      sipp.setRate(0);
    },
    isOver: (meter) => Promise.resolve(meter.channels === 0 || sipp.exitCode !== null),
  };
}

async function readNumbers(given: string): Promise<readonly string[]> {
  const text = /^[0-9+,*#]+$/.test(given) ? given : await readFile(given, 'utf8').catch(() => Promise.reject(new UserError(`--numbers ${given}: neither numbers with commas nor a file that can be read`)));
  const numbers = text.split(/[\s,;]+/).filter((number) => number !== '');
  const wrong = numbers.find((number) => !/^[+]?[0-9*#]{2,20}$/.test(number));
  if (wrong !== undefined || numbers.length === 0) throw new UserError(wrong === undefined ? '--numbers: there is none' : `--numbers: ${wrong} is not a number`);
  return numbers;
}
