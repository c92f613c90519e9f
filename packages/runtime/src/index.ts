export {
  ConfigError,
  formatProblem,
  loadYamlConfig,
  nearest,
  parseYamlConfig,
  readableErrors,
  showPath,
  type ConfigProblem,
  type PathProblem,
  type YamlConfigOptions,
} from './yaml-config.ts';
export { EnvironmentError, readEnvironment, type EnvironmentReader } from './environment.ts';
export { createLogger, logLevels, type LoggingOptions, type LogLevel } from './logging.ts';
export { createHealthRegistry, type HealthOptions, type HealthRegistry } from './health.ts';
export { createMetrics } from './metrics.ts';
export { openSecret, type Secret } from './secrets.ts';
export { DataFolderError, openDataFolder } from './data-folder.ts';
export { stopOnSignals, type ShutdownOptions } from './shutdown.ts';
export { endWhenOutputCloses } from './closed-output.ts';
export { exitOnUncaught, explainFatal, UserError, type PortSettings } from './fatal.ts';
