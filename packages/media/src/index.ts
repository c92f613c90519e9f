export type * from './port.ts';
export { UnsupportedSdpError } from './port.ts';
