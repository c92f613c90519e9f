export { createMailingApp, type MailingOptions } from './app.ts';
