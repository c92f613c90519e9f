/** Whether a trunk lives: its answers to OPTIONS and to our INVITEs, and our registration there. */
import type { Trunk } from '@ritmo/domain';
import type { SipAddress, SipStack, TrunkRegistration } from '@ritmo/sip';

/** Missed OPTIONS in a row after which a trunk counts as down. */
const failuresUntilDown = 2;
const probeWhileDownMs = 5_000;
const unregisterMs = 1_000;
/** INVITEs in a row that nothing at all was heard of, after which a trunk counts as down whatever it says to OPTIONS. */
const unheardUntilDown = 5;

export interface TrunkWatchParts {
  readonly sip: SipStack;
  readonly optionsTimeoutMs: number;
  /** How long a trunk that is silent to INVITEs is left alone, before one more of them shows whether it still is. */
  readonly restMs: number;
  /** `up`, `registered` or `detail` is another. */
  readonly changed: () => void;
}

interface AskedOptions {
  readonly turn: number;
  readonly address: SipAddress;
  readonly intervalMs: number;
}

export class TrunkWatch {
  up = true;
  registered: boolean | null;
  detail = 'not checked yet';
  readonly #parts: TrunkWatchParts;
  #probe: NodeJS.Timeout | undefined;
  #failures = 0;
  /** By OPTIONS, where they are sent. */
  #answers = true;
  #options: AskedOptions | undefined;
  #isAsking = false;
  /** INVITEs in a row. */
  #unheard = 0;
  #rest: NodeJS.Timeout | undefined;
  #registration: TrunkRegistration | undefined;
  /** Counts what is watched: an answer to what was asked before is none. */
  #turn = 0;

  constructor(parts: TrunkWatchParts, config: Trunk) {
    this.#parts = parts;
    this.registered = config.register ? false : null;
  }

  get isUsable(): boolean {
    return this.up && this.registered !== false;
  }

  /** Begins, or begins again with another configuration. */
  async begin(config: Trunk): Promise<void> {
    await this.stop();
    const turn = (this.#turn += 1);
    this.registered = config.register ? false : null;
    this.#failures = 0;
    const address = addressOfTrunk(config);
    if (config.register && config.username !== undefined) {
      this.#registration = this.#parts.sip.register({
        registrar: address,
        user: config.username,
        domain: config.host,
        credentials: { username: config.username, password: config.password ?? '' },
        changed: ({ registered, code, error }) => {
          const was = this.registered;
          this.registered = registered;
          if (was !== registered) this.#tell(this.up, registered ? 'registered' : `not registered: ${code ?? error ?? 'no answer'}`);
        },
      });
    }
    if (config.optionsIntervalS > 0) {
      this.#options = { turn, address, intervalMs: config.optionsIntervalS * 1000 };
      this.#ask(this.#options);
    } else this.#tell(true, 'not watched');
  }

  /** Somebody spoke when one of our INVITEs came. */
  heard(): void {
    this.#unheard = 0;
    if (this.#rest) this.#rested();
  }

  /** Nothing at all was heard of one: that counts as a missed OPTIONS, which is asked at once; and when it happens again and again the trunk rests. */
  unheard(): void {
    this.#unheard += 1;
    if (this.#rest) return;
    if (this.#unheard < unheardUntilDown) {
      const options = this.#options;
      this.#failures = Math.max(1, this.#failures);
      if (options && !this.#isAsking) {
        clearTimeout(this.#probe);
        this.#ask(options);
      }
      return;
    }
    this.#rest = setTimeout(() => {
      this.#unheard = unheardUntilDown - 1;
      this.#rested();
    }, this.#parts.restMs);
    this.#rest.unref();
    this.#tell(false, `said nothing to ${this.#unheard} INVITEs in a row`);
  }

  #rested(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.#tell(this.#answers, this.#unheard === 0 ? 'answers INVITEs' : 'tried again after its silence');
  }

  async stop(): Promise<void> {
    this.#turn += 1;
    clearTimeout(this.#probe);
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.#options = undefined;
    this.#isAsking = false;
    this.#answers = true;
    this.#unheard = 0;
    const registration = this.#registration;
    this.#registration = undefined;
    if (!registration) return;
    // A registrar that no longer answers is not waited for: the registration lapses by itself.
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([registration.stop(), new Promise<void>((resolve) => (timer = setTimeout(resolve, unregisterMs)))]);
    clearTimeout(timer);
  }

  #ask(options: AskedOptions): void {
    const { turn, address, intervalMs } = options;
    this.#isAsking = true;
    void this.#parts.sip.options(address, this.#parts.optionsTimeoutMs).then((result) => {
      if (turn !== this.#turn) return;
      this.#isAsking = false;
      this.#failures = result.reachable ? 0 : this.#failures + 1;
      this.#answers = result.reachable || (this.#answers && this.#failures < failuresUntilDown);
      // Its silence to INVITEs weighs more.
      if (!this.#rest) this.#tell(this.#answers, result.reachable ? `answers OPTIONS with ${result.code ?? 200}` : (result.error ?? 'no answer to OPTIONS'));
      const nextMs = result.reachable ? intervalMs : Math.min(intervalMs, probeWhileDownMs);
      this.#probe = setTimeout(() => this.#ask(options), nextMs);
      this.#probe.unref();
    });
  }

  #tell(up: boolean, detail: string): void {
    if (this.up === up && this.detail === detail) return;
    this.up = up;
    this.detail = detail;
    this.#parts.changed();
  }
}

/** As configured: what its name stands for is the stack's to find (RFC 3263). */
export const addressOfTrunk = ({ host, port, transport }: Trunk): SipAddress => ({ host, port, transport });

export function watchedDifferently(a: Trunk, b: Trunk): boolean {
  const watched = (trunk: Trunk) => [trunk.host, trunk.port, trunk.transport, trunk.username, trunk.password, trunk.register, trunk.optionsIntervalS];
  return JSON.stringify(watched(a)) !== JSON.stringify(watched(b));
}
