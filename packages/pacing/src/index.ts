export type {
  AbandonDenominator, AbandonRule, AbandonWindow, GraceClock, PacingConfig, PacingDecision, PacingFact, PacingHistory,
  PacingMode, PacingObservation, PacingPolicy,
} from './port.ts';
export { createPolicy } from './policy.ts';
