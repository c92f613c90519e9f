export type {
  AbandonDenominator, AbandonRule, AbandonWindow, CountedCalls, GraceClock, PacingConfig, PacingDecision, PacingFact, PacingHistory,
  PacingMode, PacingObservation, PacingPolicy,
} from './port.ts';
export { createPolicy } from './policy.ts';
export { POLICIES, policyByName, UnknownPolicyError } from './policy-names.ts';
export type { NamedSetting, PolicyDescription } from './policy-names.ts';
export { AbandonBudget } from './abandon-budget.ts';
export { parseScenario } from './simulator/scenario.ts';
export { FieldError } from './fields.ts';
export type { Scenario } from './simulator/scenario.ts';
export { interval, referenceOf, runSeed, simulate, summarise } from './simulator/answer.ts';
export type { Answer, Reference, SeedAnswer } from './simulator/answer.ts';
export type { RunResult, SeriesPoint } from './simulator/metrics.ts';
export { solveOptimum } from './optimum/mdp.ts';
export type { ExponentialModel, Optimum } from './optimum/mdp.ts';
export { recordSimulation } from './record.ts';
export { parseRecording } from './recording-file.ts';
export { comparison, recordedFigures, replay, ReplayError } from './replay.ts';
export type { RecordedAttempt, RecordedConversation, Recording, ReplayFigures, ReplayOptions, ReplayResult } from './replay.ts';
export { governShortCalls, SHORT_CALL_MS } from './short-calls.ts';
export type { ShortCallRule, ShortCallVerdict } from './short-calls.ts';
