import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipAddress, SipTransport } from '../port.ts';

const QUERY_TIME_MS = 2_000;
const QUERY_TRIES = 2;
/** Node tells the TTL of address records only; what SRV and NAPTR said is kept no longer than this. */
const MAX_KEPT_MS = 60_000;
const MIN_KEPT_MS = 1_000;
/** A name that does not exist is not asked for again with each call. */
const NEGATIVE_KEPT_MS = 30_000;
const TROUBLE_KEPT_MS = 5_000;
/** How long a name server has to answer before the system's lookup is believed. */
const DNS_FIRST_MS = 250;
const MAX_KEPT_NAMES = 1_000;
const MAX_CANDIDATES = 16;

const SERVICES: Readonly<Record<string, SipTransport>> = { 'SIP+D2U': 'udp', 'SIP+D2T': 'tcp', 'SIPS+D2T': 'tls' };
const SRV_PREFIX: Readonly<Record<SipTransport, string>> = { udp: '_sip._udp.', tcp: '_sip._tcp.', tls: '_sips._tcp.' };

/** Servers of one SRV answer or one name, in the order of trying: by rank, and by weight within a rank (RFC 2782). */
interface Place {
  readonly rank: number;
  readonly weight: number;
  readonly transport: SipTransport;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly name: string;
}

interface Addresses {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

interface Kept {
  readonly places: readonly Place[];
  readonly error: Error | undefined;
  readonly untilMs: number;
  /** One order for everything that is sent without an attempt of its own: a retransmission must go where the first one went. */
  readonly steady: readonly SipAddress[];
}

export interface LocatorOptions {
  /** What this stack can speak. */
  readonly transports: readonly SipTransport[];
  readonly family: 4 | 6;
  /** `address:port` of name servers instead of the machine's. */
  readonly servers?: readonly string[];
  readonly random?: () => number;
  readonly now?: () => number;
}

/**
 * Finds the servers behind a name (RFC 3263 4). A port of 0 says that none was given: NAPTR, then SRV, then the address at the default
 * port. With a port only the address is asked for. `udp` is the transport of those who named none, so NAPTR and SRV may choose another of
 * ours; `tcp` and `tls` are kept to.
 */
export class Locator {
  private readonly options: LocatorOptions;
  private readonly resolver = new Resolver({ timeout: QUERY_TIME_MS, tries: QUERY_TRIES });
  private readonly random: () => number;
  private readonly now: () => number;
  private readonly kept = new Map<string, Kept>();
  private readonly pending = new Map<string, Promise<Kept>>();
  /** Servers that failed, until when they are tried last. */
  private readonly avoided = new Map<string, number>();

  constructor(options: LocatorOptions) {
    this.options = options;
    this.random = options.random ?? Math.random;
    this.now = options.now ?? ((): number => performance.now());
    if (options.servers !== undefined) this.resolver.setServers(options.servers);
  }

  /** True when there is nothing to find: an address and a port. */
  isPlain(to: SipAddress): boolean {
    const first = to.host.charCodeAt(0);
    return to.port !== 0 && ((first >= 48 && first <= 57) || to.host.includes(':')) && isIP(to.host) !== 0;
  }

  /** Where to send now, when that is known already; always the same server as long as its record lives and it does not fail. */
  steadyNow(to: SipAddress): SipAddress | undefined {
    const kept = this.keptNow(to);
    return kept === undefined ? undefined : this.inOrder(kept.steady).find((each) => each.transport === to.transport);
  }

  /** All servers in the order of trying. Rejects when there is none. */
  async locate(to: SipAddress): Promise<readonly SipAddress[]> {
    const kept = this.keptNow(to) ?? (await this.ask(to));
    if (kept.error !== undefined) throw kept.error;
    return this.inOrder(this.ordered(kept.places));
  }

  /** This server failed (RFC 3263 4.3): for a while it comes last. A name means the server that it stands for at the moment. */
  avoid(failed: SipAddress, forMs: number): void {
    const plain = this.isPlain(failed) ? failed : this.steadyNow(failed);
    if (plain === undefined) return;
    if (this.avoided.size >= MAX_KEPT_NAMES) this.avoided.clear();
    this.avoided.set(keyOf(plain), this.now() + forMs);
  }

  private keptNow(to: SipAddress): Kept | undefined {
    const kept = this.kept.get(keyOf(to));
    return kept !== undefined && kept.untilMs > this.now() ? kept : undefined;
  }

  private ask(to: SipAddress): Promise<Kept> {
    const key = keyOf(to);
    const running = this.pending.get(key);
    if (running !== undefined) return running;
    const asking = this.find(to).then((kept) => {
      this.pending.delete(key);
      if (this.kept.size >= MAX_KEPT_NAMES) this.kept.clear();
      this.kept.set(key, kept);
      return kept;
    });
    this.pending.set(key, asking);
    return asking;
  }

  private async find(to: SipAddress): Promise<Kept> {
    try {
      const { places, keptMs } = await this.places(to);
      if (places.length > 0) return { places, error: undefined, untilMs: this.now() + keptMs, steady: this.ordered(places) };
      return this.nothing(new Error(`no SIP server behind ${to.host}`), NEGATIVE_KEPT_MS);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      return this.nothing(new Error(`cannot find ${to.host}: ${code}`), isAbsence(error) ? NEGATIVE_KEPT_MS : TROUBLE_KEPT_MS);
    }
  }

  private nothing(error: Error, forMs: number): Kept {
    return { places: [], error, untilMs: this.now() + forMs, steady: [] };
  }

  private async places(to: SipAddress): Promise<{ readonly places: readonly Place[]; readonly keptMs: number }> {
    const defaultPort = to.transport === 'tls' ? 5_061 : 5_060;
    if (to.port === 0 && isIP(to.host) === 0) {
      const services = await this.services(to);
      const found: Place[] = [];
      let keptMs = MAX_KEPT_MS;
      for (const [at, service] of services.entries()) {
        for (const record of await absentAsEmpty(this.resolver.resolveSrv(service.name))) {
          // A lone dot says that the service is decidedly not there (RFC 2782).
          if (record.name === '' || record.name === '.' || found.length >= MAX_CANDIDATES) continue;
          const { addresses, ttlMs } = await this.addresses(record.name).catch(() => ({ addresses: [], ttlMs: TROUBLE_KEPT_MS }));
          keptMs = Math.min(keptMs, ttlMs);
          if (addresses.length > 0) found.push({ rank: at * 65_536 + record.priority, weight: record.weight, transport: service.transport, port: record.port, addresses, name: to.host });
        }
        // Without NAPTR the transports are our own guesses: the first that has servers is the one (RFC 3263 4.1).
        if (!service.named && found.length > 0) break;
      }
      if (found.length > 0) return { places: found, keptMs };
    }
    const { addresses, ttlMs } = await this.addresses(to.host);
    return { places: [{ rank: 0, weight: 0, transport: to.transport, port: to.port === 0 ? defaultPort : to.port, addresses, name: to.host }], keptMs: ttlMs };
  }

  /** The SRV names to ask for, best first. */
  private async services(to: SipAddress): Promise<readonly { readonly name: string; readonly transport: SipTransport; readonly named: boolean }[]> {
    const ours = this.options.transports;
    const guess = (transport: SipTransport) => ({ name: SRV_PREFIX[transport] + to.host, transport, named: false });
    if (to.transport !== 'udp') return [guess(to.transport)];
    const records = await absentAsEmpty(this.resolver.resolveNaptr(to.host));
    const named = records
      .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
      .flatMap((record) => {
        const transport = SERVICES[record.service.toUpperCase()];
        return record.flags.toLowerCase() === 's' && transport !== undefined && ours.includes(transport) ? [{ name: record.replacement, transport, named: true }] : [];
      });
    return named.length > 0 ? named : (['udp', 'tcp', 'tls'] as const).filter((each) => ours.includes(each)).map(guess);
  }

  private async addresses(host: string): Promise<Addresses> {
    if (isIP(host) !== 0) return { addresses: [host], ttlMs: MAX_KEPT_MS };
    const asked = this.addressRecords(host);
    if (this.options.servers !== undefined) return asked;
    try {
      return await Promise.any([asked, this.systemAddresses(host)]);
    } catch (error) {
      throw (error as AggregateError).errors[0];
    }
  }

  private async addressRecords(host: string): Promise<Addresses> {
    const records = this.options.family === 6 ? await this.resolver.resolve6(host, { ttl: true }) : await this.resolver.resolve4(host, { ttl: true });
    const ttlMs = Math.min(...records.map((each) => each.ttl)) * 1_000;
    return { addresses: records.map((each) => each.address), ttlMs: Math.min(MAX_KEPT_MS, Math.max(MIN_KEPT_MS, ttlMs)) };
  }

  /**
   * The machine's own list of hosts is no DNS, and only the system's lookup reads it. Its answer knows no TTL, so the name server's goes
   * first; where there is none to answer, a name of that list need not wait for its silence.
   */
  private async systemAddresses(host: string): Promise<Addresses> {
    const found = await lookup(host, { family: this.options.family, all: true });
    await sleep(DNS_FIRST_MS, undefined, { ref: false });
    return { addresses: found.map((each) => each.address), ttlMs: MAX_KEPT_MS };
  }

  /** By rank; within one each next server is drawn with a chance in proportion to its weight (RFC 2782). */
  private ordered(places: readonly Place[]): readonly SipAddress[] {
    const left = [...places];
    const found: SipAddress[] = [];
    while (left.length > 0 && found.length < MAX_CANDIDATES) {
      const rank = Math.min(...left.map((each) => each.rank));
      const equals = left.filter((each) => each.rank === rank);
      let mark = this.random() * equals.reduce((sum, each) => sum + each.weight, 0);
      const drawn = equals.find((each) => (mark -= each.weight) < 0) ?? equals[0];
      if (drawn === undefined) break;
      left.splice(left.indexOf(drawn), 1);
      for (const host of drawn.addresses) found.push({ host, port: drawn.port, transport: drawn.transport, ...(drawn.transport === 'tls' ? { name: drawn.name } : {}) });
    }
    return found;
  }

  private inOrder(servers: readonly SipAddress[]): readonly SipAddress[] {
    const nowMs = this.now();
    if (this.avoided.size === 0) return servers;
    const isAvoided = (each: SipAddress): boolean => (this.avoided.get(keyOf(each)) ?? 0) > nowMs;
    return [...servers.filter((each) => !isAvoided(each)), ...servers.filter(isAvoided)];
  }
}

function keyOf(address: SipAddress): string {
  return `${address.transport} ${address.host} ${address.port}`;
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

async function absentAsEmpty<T>(records: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await records;
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
