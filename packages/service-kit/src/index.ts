export type * from './context.ts';
export * from './journal.ts';
export * from './directory-reader.ts';
export * from './call-ids.ts';
export * from './health-teller.ts';
