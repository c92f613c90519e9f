export * from './state.ts';
export * from './evolve.ts';
export * from './strategy.ts';
export * from './attempts.ts';
export * from './withdraw.ts';
export * from './commands.ts';
