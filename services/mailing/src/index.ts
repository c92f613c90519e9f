export { createMailingApp } from './app.ts';
