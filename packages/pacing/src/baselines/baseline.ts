/** What every baseline is told when it is made. */
export interface BaselineSetting {
  /** Fraction, e.g. 0.03. */
  readonly cap: number;
  /** The part of shared agents that a campaign counts as its own: 1 / campaigns. */
  readonly agentPart: number;
  /** When the day ends, on the clock of the observations: TAPERED knows it from its configuration. */
  readonly endMs: number;
}
