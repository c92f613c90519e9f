export type * from './port.ts';
export { PortInUseError } from './port.ts';
