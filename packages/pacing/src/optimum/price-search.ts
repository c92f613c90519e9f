/** The price of an abandoned call at which the gain is least: by duality the optimum of the constrained process. */

/** Golden section on the logarithm of the price; `gainAt` is convex in the price. */
export function cheapestGain(model: { readonly agents: number; readonly handleS: number }, gainAt: (price: number) => number): number {
  // One abandoned call costs at most about the handling time that an agent would have had, over cap: λ·N/H between these.
  const unit = model.handleS / model.agents;
  let low = Math.log(0.02 * unit);
  let high = Math.log(30 * unit);
  const golden = (Math.sqrt(5) - 1) / 2;
  const at = (logPrice: number): number => gainAt(Math.exp(logPrice));
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let gainLeft = at(left);
  let gainRight = at(right);
  while (high - low > 0.02) {
    if (gainLeft < gainRight) {
      high = right;
      right = left;
      gainRight = gainLeft;
      left = high - golden * (high - low);
      gainLeft = at(left);
    } else {
      low = left;
      left = right;
      gainLeft = gainRight;
      right = low + golden * (high - low);
      gainRight = at(right);
    }
  }
  return Math.exp((low + high) / 2);
}
