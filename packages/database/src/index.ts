export type { CopyTarget, Database, Listening, QueryResult, SqlSession, SqlValue, TransactionOptions } from './port.ts';
export type { ClientAddress } from './access-rules.ts';
export { connectDatabase, type ConnectOptions } from './connect.ts';
export { createThrowawayFolder } from './ephemeral.ts';
export { prepareLimitedRole, type LimitedRole } from './limited-role.ts';
export { migrate, withVariables, type MigrateOptions, type MigrateResult } from './migrations.ts';
export {
  DEFAULT_SETTINGS,
  startEmbeddedPostgres,
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
  RoleRightsError,
  SecondInstanceError,
  ServerStartError,
} from './errors.ts';
