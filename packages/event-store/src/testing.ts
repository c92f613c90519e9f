/** For tests only. */
export { startWireDouble, type WireDouble } from './kurrent/wire-double.ts';
