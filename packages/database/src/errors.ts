/** What can go wrong with the embedded server and with migrations: one class per cause, the facts as fields. */

export class DataFolderUnreachableError extends Error {
  readonly folder: string;
  readonly account: string;
  constructor(folder: string, account: string, detail: string) {
    super(
      `The account "${account}", which runs PostgreSQL, cannot use the folder ${folder}: ${detail}. ` +
        `Allow it to pass (chmod o+x ${folder}) or choose another data folder.`,
    );
    this.name = 'DataFolderUnreachableError';
    this.folder = folder;
    this.account = account;
  }
}

export class DataFolderOccupiedError extends Error {
  readonly folder: string;
  constructor(folder: string) {
    super(`The folder ${folder} holds files that are not a PostgreSQL cluster. Choose an empty data folder.`);
    this.name = 'DataFolderOccupiedError';
    this.folder = folder;
  }
}

export class PortTakenError extends Error {
  readonly host: string;
  readonly port: number;
  constructor(host: string, port: number) {
    super(`PostgreSQL cannot listen on ${host}:${port}: the port is taken. Stop what uses it, or choose another port.`);
    this.name = 'PortTakenError';
    this.host = host;
    this.port = port;
  }
}

export class SecondInstanceError extends Error {
  readonly folder: string;
  readonly pid: number | undefined;
  constructor(folder: string, pid: number | undefined) {
    super(
      `Another instance${pid === undefined ? '' : ` (process ${pid})`} already works on ${folder}. ` +
        'Stop it first, or give this one a data folder of its own.',
    );
    this.name = 'SecondInstanceError';
    this.folder = folder;
    this.pid = pid;
  }
}

export class ServerStartError extends Error {
  readonly dataDir: string;
  /** The last lines of the server's log. */
  readonly logTail: string;
  constructor(dataDir: string, reason: string, logTail: string) {
    super(`PostgreSQL did not start on ${dataDir}: ${reason}${logTail === '' ? '' : `\n${logTail}`}`);
    this.name = 'ServerStartError';
    this.dataDir = dataDir;
    this.logTail = logTail;
  }
}

export class PlatformUnsupportedError extends Error {
  constructor(platform: string) {
    super(`No PostgreSQL binary is installed for ${platform}. Run npm ci, or set an external PostgreSQL.`);
    this.name = 'PlatformUnsupportedError';
  }
}

export class MigrationChangedError extends Error {
  readonly owner: string;
  readonly file: string;
  constructor(owner: string, file: string) {
    super(`${owner}/${file} was changed after it had been applied. Restore it and add a new file instead.`);
    this.name = 'MigrationChangedError';
    this.owner = owner;
    this.file = file;
  }
}

export class MigrationFailedError extends Error {
  readonly owner: string;
  readonly file: string;
  constructor(owner: string, file: string, cause: unknown) {
    super(`${owner}/${file} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'MigrationFailedError';
    this.owner = owner;
    this.file = file;
  }
}

export class DatabaseClosedError extends Error {
  constructor() {
    super('The database connection is closed.');
    this.name = 'DatabaseClosedError';
  }
}

/** This database user may neither make nor alter the role: an administrator has to. */
export class RoleRightsError extends Error {
  readonly role: string;
  readonly statements: readonly string[];
  constructor(role: string, user: string, statements: readonly string[]) {
    super(
      `The database user ${user} may not create the role ${role}, with which integrators log in. Let an administrator run, in this order:\n  ${statements.join('\n  ')}\n` +
        `or give the right to: ALTER ROLE "${user}" CREATEROLE;`,
    );
    this.name = 'RoleRightsError';
    this.role = role;
    this.statements = statements;
  }
}
