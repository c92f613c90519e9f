export { loadConfig, loadConfigFile, type RitmoConfig } from './config.ts';
export { startServices, type RunningServices, type StartOptions } from './compose.ts';
