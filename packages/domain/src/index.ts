export * from './ids.ts';
export * from './dispositions.ts';
export * from './events.ts';
export * from './directory/entries.ts';
