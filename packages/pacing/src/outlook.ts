/** Equally likely answer times at which a decision looks; docs/pacing.md shows that six lose nothing. */
export const LEADS = 6;

/**
 * What is expected at each lead time: agents who become free by then (and within the grace time), people of calls in flight who need an
 * agent before then. Means and variances, one entry a lead time; one object is filled anew for each decision.
 */
export class Outlook {
  readonly supplyMean = new Float64Array(LEADS);
  readonly supplyVariance = new Float64Array(LEADS);
  readonly demandMean = new Float64Array(LEADS);
  readonly demandVariance = new Float64Array(LEADS);

  /** `waiting` people come before any new call; `claimed` ones are expected by other campaigns, spread over the lead times. */
  begin(waiting: number, claimed: number): void {
    for (let lead = 0; lead < LEADS; lead += 1) {
      const part = (claimed * (lead + 0.5)) / LEADS;
      this.supplyMean[lead] = 0;
      this.supplyVariance[lead] = 0;
      this.demandMean[lead] = waiting + part;
      this.demandVariance[lead] = part;
    }
  }
}

/**
 * Sums of independent unequal chances read from a table with one row of `LEADS` chances per age: the mean is Σc, the variance Σc − Σc².
 * Kept apart from the outlook so that the inner loop is nothing but look-ups and additions.
 */
export class ChanceSum {
  readonly sum = new Float64Array(LEADS);
  readonly squares = new Float64Array(LEADS);

  of(table: Float64Array, agesMs: ArrayLike<number>, cellMs: number, lastRow: number): this {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0;
    let q0 = 0, q1 = 0, q2 = 0, q3 = 0, q4 = 0, q5 = 0;
    const perMs = 1 / cellMs;
    for (let index = 0; index < agesMs.length; index += 1) {
      const place = (agesMs[index] as number) * perMs;
      const row = LEADS * (place < lastRow ? place | 0 : lastRow);
      // Written out: this is the inner loop of every decision.
      const c0 = table[row] as number;
      const c1 = table[row + 1] as number;
      const c2 = table[row + 2] as number;
      const c3 = table[row + 3] as number;
      const c4 = table[row + 4] as number;
      const c5 = table[row + 5] as number;
      s0 += c0;
      s1 += c1;
      s2 += c2;
      s3 += c3;
      s4 += c4;
      s5 += c5;
      q0 += c0 * c0;
      q1 += c1 * c1;
      q2 += c2 * c2;
      q3 += c3 * c3;
      q4 += c4 * c4;
      q5 += c5 * c5;
    }
    const { sum, squares } = this;
    sum[0] = s0; sum[1] = s1; sum[2] = s2; sum[3] = s3; sum[4] = s4; sum[5] = s5;
    squares[0] = q0; squares[1] = q1; squares[2] = q2; squares[3] = q3; squares[4] = q4; squares[5] = q5;
    return this;
  }
}
