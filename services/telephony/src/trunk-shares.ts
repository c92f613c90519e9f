/** Which process owns which trunk, when several run: each its part. One plan a pass; the locks decide in the end. */
import type { TrunkId } from '@ritmo/domain';

export interface TrunksSeen {
  readonly configured: readonly TrunkId[];
  /** This process's own, and whether nothing goes on there. */
  readonly mine: readonly { readonly id: TrunkId; readonly isIdle: boolean }[];
  /** Those that any process owns. */
  readonly owned: ReadonlySet<TrunkId>;
  readonly processes: number;
}

export interface TrunkPlan {
  readonly take: readonly TrunkId[];
  /** Idle ones beyond our part, for processes that have less. */
  readonly give: readonly TrunkId[];
}

/** After so many passes a trunk that is left to others is taken all the same. */
const passesUntilTaken = 5;

export class TrunkShares {
  /** Passes for which a free trunk was left to others. */
  readonly #left = new Map<TrunkId, number>();
  /** Nobody else wanted these: they are not given away again. */
  readonly #kept = new Set<TrunkId>();

  plan({ configured, mine, owned, processes }: TrunksSeen): TrunkPlan {
    const share = Math.ceil(configured.length / Math.max(1, processes));
    const free = configured.filter((id) => !owned.has(id) && !mine.some((each) => each.id === id));
    for (const id of [...this.#left.keys()]) if (!free.includes(id)) this.#left.delete(id);
    const take: TrunkId[] = [];
    for (const id of free) {
      const passes = (this.#left.get(id) ?? 0) + 1;
      this.#left.set(id, passes);
      if (mine.length + take.length < share) take.push(id);
      else if (passes > passesUntilTaken) {
        take.push(id);
        this.#kept.add(id);
      }
    }
    const spare = Math.max(0, mine.length - share);
    const give = mine.filter(({ id, isIdle }) => isIdle && !this.#kept.has(id)).slice(0, spare).map(({ id }) => id);
    return { take, give };
  }
}
