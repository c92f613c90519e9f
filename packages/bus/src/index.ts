export type * from './messages.ts';
export type * from './port.ts';
export { BusClosedError, NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';
export { createInProcessBus, type InProcessBusOptions } from './in-process.ts';
export { createNatsBus, type NatsBusOptions } from './nats.ts';
