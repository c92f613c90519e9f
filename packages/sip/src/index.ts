export type * from './port.ts';
export { PortInUseError } from './port.ts';
export { createNativeSipStack } from './native/stack.ts';
