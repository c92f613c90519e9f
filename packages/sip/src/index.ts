export type * from './port.ts';
export { PortInUseError } from './port.ts';
export { createNativeSipStack } from './native/stack.ts';
export { outcomeOf, outcomeReason, outcomeRow } from './outcomes.ts';
export type { OutcomeRow, WireOutcome } from './outcomes.ts';
export { createDrachtioSipStack } from './drachtio/stack.ts';
export type { DrachtioOptions } from './drachtio/stack.ts';
