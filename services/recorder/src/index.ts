export { createRecorderApp, type RecorderOptions } from './app.ts';
