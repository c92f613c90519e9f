import type { SipAddress } from '../port.ts';
import type { SipMessage } from '../wire/message.ts';
import type { Core } from './core.ts';

/** A server that did not answer is tried last for so long; one that answered 503 for as long as it asks, within reason. */
export const AVOID_MS = 60_000;
const MAX_AVOID_MS = 5 * 60_000;

/** The servers that one request may go to, one after the other (RFC 3263 4.3). */
export class ServerChoice {
  private readonly core: Core;
  private others: readonly SipAddress[];
  private chosen: SipAddress;
  /** By TCP for the size of the request alone, and what came of it. */
  private tcp: 'untried' | 'tried' | 'refused' = 'untried';

  constructor(core: Core, wanted: SipAddress, others: readonly SipAddress[] = []) {
    this.core = core;
    this.chosen = wanted;
    this.others = others;
  }

  get now(): SipAddress {
    return this.chosen;
  }

  /** Servers in the order of trying. False when there is none. */
  found(servers: readonly SipAddress[]): boolean {
    const [first, ...others] = servers;
    if (first === undefined) return false;
    this.chosen = first;
    this.others = others;
    this.tcp = 'untried';
    return true;
  }

  get mayBeTcp(): boolean {
    return this.chosen.transport === 'udp' && this.tcp === 'untried';
  }

  /** The same server by TCP (RFC 3261 18.1.1). */
  byTcp(): void {
    this.chosen = { ...this.chosen, transport: 'tcp' };
    this.tcp = 'tried';
  }

  /** True where only the size had led to TCP. */
  backToUdp(): boolean {
    if (this.tcp !== 'tried') return false;
    this.chosen = { ...this.chosen, transport: 'udp' };
    this.tcp = 'refused';
    return true;
  }

  /** This one failed: on to the next. False when there is none. `response` is its 503. */
  next(response?: SipMessage): boolean {
    if (this.others.length === 0) return false;
    this.core.transports.avoid(this.chosen, response === undefined ? AVOID_MS : retryAfterMs(response));
    return this.found(this.others);
  }
}

function retryAfterMs(response: SipMessage): number {
  const seconds = Number.parseInt(response.get('retry-after') ?? '', 10);
  return seconds > 0 ? Math.min(seconds * 1_000, MAX_AVOID_MS) : AVOID_MS;
}
