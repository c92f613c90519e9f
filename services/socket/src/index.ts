export { createSocketApp, type SocketApp, type SocketOptions } from './app.ts';
