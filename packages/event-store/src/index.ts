export type * from './port.ts';
export { WrongExpectedVersionError } from './port.ts';
