export type * from './messages.ts';
export type * from './port.ts';
export { NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';
