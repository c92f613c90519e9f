export { loadConfig, loadConfigFile, type RitmoConfig } from './config.ts';
export { startRitmo, startServices, type Ports, type RunningRitmo, type RunningServices, type StartOptions } from './compose.ts';
