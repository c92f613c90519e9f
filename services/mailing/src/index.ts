export { createMailingApp, type MailingOptions } from './app.ts';
export { exportResults, type ExportResults } from './export-results.ts';
