export type { CopyTarget, Database, Listening, QueryResult, SqlSession, SqlValue, TransactionOptions } from './port.ts';
export { connectDatabase, type ConnectOptions } from './connect.ts';
export { migrate, withVariables, type MigrateOptions, type MigrateResult } from './migrations.ts';
export {
  DEFAULT_SETTINGS,
  startEmbeddedPostgres,
  type ClientAddress,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded.ts';
export {
  DatabaseClosedError,
  DataFolderOccupiedError,
  DataFolderUnreachableError,
  MigrationChangedError,
  MigrationFailedError,
  PlatformUnsupportedError,
  PortTakenError,
  SecondInstanceError,
  ServerStartError,
} from './errors.ts';
