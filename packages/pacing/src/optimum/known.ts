/** Optima solved by cli/solve-optima.ts, keyed agents/handleS/ringS/p/cap: large models take a minute to solve. */
export interface KnownOptimum {
  readonly occupancy: number;
  /** Of an abandoned call, in occupancy · seconds. */
  readonly price: number;
}

export const KNOWN_OPTIMA: Readonly<Record<string, KnownOptimum>> = {
  '5/120/15/0.1/0.03': { occupancy: 0.71478, price: 76.87 },
  '5/120/15/0.3/0.03': { occupancy: 0.78360, price: 33.55 },
  '5/120/15/0.5/0.03': { occupancy: 0.82800, price: 20.56 },
  '10/120/15/0.1/0.03': { occupancy: 0.80103, price: 24.30 },
  '10/120/15/0.3/0.03': { occupancy: 0.82920, price: 16.40 },
  '10/120/15/0.5/0.03': { occupancy: 0.85421, price: 12.57 },
  '20/120/15/0.1/0.03': { occupancy: 0.86704, price: 7.617 },
  '20/120/15/0.3/0.03': { occupancy: 0.87904, price: 6.519 },
  '20/120/15/0.5/0.03': { occupancy: 0.89042, price: 5.378 },
  '50/120/15/0.1/0.03': { occupancy: 0.92560, price: 1.809 },
  '50/120/15/0.3/0.03': { occupancy: 0.92970, price: 1.672 },
  '50/120/15/0.5/0.03': { occupancy: 0.93356, price: 1.375 },
  '100/120/15/0.1/0.03': { occupancy: 0.95337, price: 0.6124 },
  '100/120/15/0.3/0.03': { occupancy: 0.95514, price: 0.5467 },
  '100/120/15/0.5/0.03': { occupancy: 0.95691, price: 0.4574 },
  '200/120/15/0.1/0.03': { occupancy: 0.97130, price: 0.2037 },
  '200/120/15/0.3/0.03': { occupancy: 0.97207, price: 0.1793 },
  '200/120/15/0.5/0.03': { occupancy: 0.97285, price: 0.1743 },
};
