/** Requests that one stranger may have read in a second, while strangers are few. A phone needs two to register, a call and its ACK as many. */
const MAX_PER_STRANGER_PER_S = 50;
/** From this many of all strangers together in a second it is a flood, and each has these few: a new phone still comes in. */
const MANY_PER_S = 500;
const MAX_PER_STRANGER_IN_FLOOD_PER_S = 4;
/** Beyond this the rest of the second is for those we know. */
const MAX_ALL_STRANGERS_PER_S = 3_000;
/** An acquaintance is forgotten when nothing was heard of it for one to two of these. */
const GENERATION_MS = 10 * 60_000;
const MAX_KNOWN = 20_000;

/**
 * Decides by its address alone, before a packet is read, whether it is worth reading, so that a flood of strangers costs a look at a
 * number and not a parse (RFC 3261 26.3.2.4). Known is who a rule by address lets in, who proved to know a password, and who takes part in
 * a transaction or dialog of ours. All counts begin anew each second: a stranger that stops is heard again at once.
 */
export class Gate {
  private readonly isKnownByRule: (host: string, port: number) => boolean;
  private readonly counts = new Map<string, number>();
  private known = new Set<string>();
  private knownBefore = new Set<string>();
  private generationEndsMs = 0;
  private second = -1;
  private strangers = 0;

  /** `isKnownByRule` is asked at most once a second for an address that is about to be dropped. */
  constructor(isKnownByRule: (host: string, port: number) => boolean) {
    this.isKnownByRule = isKnownByRule;
  }

  /** False: drop it unread. */
  opens(host: string, port: number, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.second) this.begin(second, nowMs);
    if (this.strangers < MAX_PER_STRANGER_IN_FLOOD_PER_S) return true;
    const share = this.strangers < MANY_PER_S ? MAX_PER_STRANGER_PER_S : MAX_PER_STRANGER_IN_FLOOD_PER_S;
    const count = this.counts.get(host) ?? 0;
    if (count < share && this.strangers < MAX_ALL_STRANGERS_PER_S) return true;
    // Refused before in this second, and asked for then.
    if (count === Infinity) return false;
    if (this.isKnown(host)) return true;
    if (this.isKnownByRule(host, port)) {
      this.know(host);
      return true;
    }
    if (this.counts.size < MAX_KNOWN) this.counts.set(host, Infinity);
    return false;
  }

  private begin(second: number, nowMs: number): void {
    this.second = second;
    this.strangers = 0;
    this.counts.clear();
    if (nowMs < this.generationEndsMs) return;
    this.generationEndsMs = nowMs + GENERATION_MS;
    this.knownBefore = this.known;
    this.known = new Set();
  }

  isKnown(host: string): boolean {
    return this.known.has(host) || this.knownBefore.has(host);
  }

  /** Something was read that only an acquaintance can send. */
  know(host: string): void {
    if (this.known.has(host)) return;
    if (this.known.size < MAX_KNOWN) this.known.add(host);
    this.counts.delete(host);
  }

  /** Something was read that anyone can send: an unknown source, a request without a password. */
  stranger(host: string): void {
    if (this.isKnown(host)) return;
    this.strangers++;
    const count = this.counts.get(host);
    if (count !== undefined || this.counts.size < MAX_KNOWN) this.counts.set(host, (count ?? 0) + 1);
  }
}
