import { pino, type DestinationStream, type Logger } from 'pino';
import pinoPretty from 'pino-pretty';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggingOptions {
  readonly level: LogLevel;
  /** Name of this process among others. */
  readonly node: string;
  /** People read it: colours and times instead of JSON. Default: whether standard output is a terminal. */
  readonly pretty?: boolean;
  /** Default standard output. */
  readonly destination?: DestinationStream;
}

/** What must never reach a log, wherever it sits in an object. */
const secretPaths = ['password', '*.password', '*.*.password', 'apiKey', '*.apiKey', 'chave', '*.chave', '*.chave_seguranca'];

export function createLogger(options: LoggingOptions): Logger {
  const settings = {
    level: options.level,
    base: { node: options.node },
    redact: { paths: secretPaths, censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (options.destination) return pino(settings, options.destination);
  if (options.pretty ?? process.stdout.isTTY === true) {
    // In this thread: a worker's transport would outlive a crash's last words.
    return pino(settings, pinoPretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'node,pid,hostname', sync: true }));
  }
  return pino(settings);
}
