/** Whether a trunk lives: its answers to OPTIONS, and our registration there. */
import type { Trunk } from '@ritmo/domain';
import type { SipAddress, SipStack, TrunkRegistration } from '@ritmo/sip';

/** Missed OPTIONS in a row after which a trunk counts as down. */
const failuresUntilDown = 2;
const probeWhileDownMs = 5_000;
const unregisterMs = 1_000;

export interface TrunkWatchParts {
  readonly sip: SipStack;
  readonly optionsTimeoutMs: number;
  /** `up`, `registered` or `detail` is another. */
  readonly changed: () => void;
}

export class TrunkWatch {
  up = true;
  registered: boolean | null;
  detail = 'not checked yet';
  readonly #parts: TrunkWatchParts;
  #probe: NodeJS.Timeout | undefined;
  #failures = 0;
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
    if (config.optionsIntervalS > 0) this.#ask(turn, address, config.optionsIntervalS * 1000);
    else this.#tell(true, 'not watched');
  }

  async stop(): Promise<void> {
    this.#turn += 1;
    clearTimeout(this.#probe);
    const registration = this.#registration;
    this.#registration = undefined;
    if (!registration) return;
    // A registrar that no longer answers is not waited for: the registration lapses by itself.
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([registration.stop(), new Promise<void>((resolve) => (timer = setTimeout(resolve, unregisterMs)))]);
    clearTimeout(timer);
  }

  #ask(turn: number, address: SipAddress, intervalMs: number): void {
    void this.#parts.sip.options(address, this.#parts.optionsTimeoutMs).then((result) => {
      if (turn !== this.#turn) return;
      this.#failures = result.reachable ? 0 : this.#failures + 1;
      const isUp = result.reachable || (this.up && this.#failures < failuresUntilDown);
      this.#tell(isUp, result.reachable ? `answers OPTIONS with ${result.code ?? 200}` : (result.error ?? 'no answer to OPTIONS'));
      const nextMs = result.reachable ? intervalMs : Math.min(intervalMs, probeWhileDownMs);
      this.#probe = setTimeout(() => this.#ask(turn, address, intervalMs), nextMs);
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
