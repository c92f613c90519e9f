export { createAcdApp, type AcdApp, type AcdOptions } from './app.ts';
