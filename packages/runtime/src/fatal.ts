/** Errors whose message already says what to do: shown as one line, without a stack. */
const plainNames = new Set([
  'ConfigError',
  'EnvironmentError',
  'DataFolderError',
  'DataFolderUnreachableError',
  'DataFolderOccupiedError',
  'SecondInstanceError',
  'PortTakenError',
  'PortInUseError',
  'ServerStartError',
  'PlatformUnsupportedError',
  'MigrationChangedError',
  'UserError',
]);

/** Thrown where the message is the whole story for a person. */
export class UserError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UserError';
  }
}

/** Which setting changes a port that is taken. */
export type PortSettings = Readonly<Record<number, string>>;

/** What a person is told when the process cannot start or go on. */
export function explainFatal(error: unknown, ports: PortSettings = {}): string {
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE' && port !== undefined) return `port ${port}${address === undefined ? '' : ` on ${address}`} is in use by another program${settingFor(ports, port)}`;
  if (code === 'EACCES' && port !== undefined) return `this account may not listen on port ${port}${settingFor(ports, port)}`;
  if (code === 'EADDRNOTAVAIL' && address !== undefined) return `the address ${address} is not one of this machine: set RITMO_LISTEN to one that is`;
  // The sentence that says what is wrong; the setting that changes it is ours to name.
  if (port !== undefined && settingFor(ports, port) !== '') return `${error.message.split('. ')[0] ?? error.message}${settingFor(ports, port)}`;
  if (plainNames.has(error.name)) return error.message;
  if (error.cause instanceof Error && plainNames.has(error.cause.name)) return `${error.message}: ${error.cause.message}`;
  return error.stack ?? error.message;
}

function settingFor(ports: PortSettings, port: number): string {
  const setting = ports[port];
  return setting === undefined ? '' : `: stop it, or set ${setting} to another port`;
}

/** A bug that nobody caught: says so in one line and ends, so that a supervisor starts a clean process. */
export function exitOnUncaught(report: (line: string, error: unknown) => void, exit: (code: number) => void = (code) => process.exit(code)): void {
  let dying = false;
  const die = (kind: string) => (error: unknown) => {
    if (dying) return;
    dying = true;
    report(`${kind}: ${error instanceof Error ? error.message : String(error)}`, error);
    exit(70);
  };
  process.on('uncaughtException', die('uncaught error'));
  process.on('unhandledRejection', die('unhandled rejection'));
}
