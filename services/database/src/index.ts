export { createDatabaseApp, type DatabaseAppOptions } from './app.ts';
