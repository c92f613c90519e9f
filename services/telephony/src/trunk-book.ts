/** The trunks of the directory: who owns them, whether they live, how much room they have. */
import { asId, fact, streams, type CallId, type Trunk, type TrunkId } from '@ritmo/domain';
import type { TrunkStatus } from '@ritmo/bus';
import type { ServiceContext } from '@ritmo/service-kit';
import type { SipAddress, SipStack } from '@ritmo/sip';
import { ChannelLedger } from './channel-ledger.ts';
import { Departures } from './departures.ts';
import type { TrunkLocks } from './trunk-locks.ts';
import { TrunkShares } from './trunk-shares.ts';
import { addressOfTrunk, TrunkWatch, watchedDifferently } from './trunk-watch.ts';

export interface OwnedTrunk {
  readonly id: TrunkId;
  config: Trunk;
  readonly ledger: ChannelLedger;
  readonly departures: Departures;
  readonly watch: TrunkWatch;
}

export interface TrunkBookOptions {
  readonly leaseMs: number;
  readonly rateMarginMs: number;
  readonly optionsTimeoutMs: number;
  readonly silentTrunkRestMs: number;
  /** How often trunks that another process owned are tried again. */
  readonly ownershipRetryMs: number;
}

interface Entry extends OwnedTrunk {
  toldUsage: number;
  told: NodeJS.Timeout | undefined;
}

const sampleMs = 1_000;
/** A place in the rate is promised this long before it is free: the way from the dialer's tick to the INVITE. */
const aheadMs = 250;
/** Changes of a trunk's room are told together. */
const tellDelayMs = 20;

export class TrunkBook {
  readonly #context: ServiceContext;
  readonly #options: TrunkBookOptions;
  readonly #locks: TrunkLocks;
  readonly #owned = new Map<TrunkId, Entry>();
  readonly #shares = new TrunkShares();
  /** Address to the trunk, for every trunk of the directory, owned or not. */
  #addresses: ReadonlyMap<string, Trunk> = new Map();
  /** What the name of a trunk stood for when it was last found. */
  readonly #servers = new Map<number, readonly SipAddress[]>();
  #sip: SipStack | undefined;
  #timers: NodeJS.Timeout[] = [];
  #settling: Promise<void> = Promise.resolve();
  #stopped = false;
  #unfollow: (() => void) | undefined;
  /** Called with each trunk that this process owns from now on, before it may be used. */
  readonly #taken: (trunk: OwnedTrunk) => Promise<void>;
  readonly #hasCalls: (id: TrunkId) => boolean;

  constructor(parts: {
    readonly context: ServiceContext;
    readonly options: TrunkBookOptions;
    readonly locks: TrunkLocks;
    readonly taken: (trunk: OwnedTrunk) => Promise<void>;
    /** Calls whose last fact is not recorded yet, though their channel may be free. */
    readonly hasCalls: (id: TrunkId) => boolean;
  }) {
    this.#hasCalls = parts.hasCalls;
    this.#context = parts.context;
    this.#options = parts.options;
    this.#locks = parts.locks;
    this.#taken = parts.taken;
  }

  async start(sip: SipStack): Promise<void> {
    this.#sip = sip;
    this.#unfollow = this.#context.directory.onChange((kind) => {
      if (kind === 'trunk') void this.settle();
    });
    await this.settle();
    this.#timers = [setInterval(() => void this.settle(), this.#options.ownershipRetryMs), setInterval(() => this.#sample(), sampleMs)];
    for (const timer of this.#timers) timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow?.();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#settling;
    await Promise.all([...this.#owned.values()].map((entry) => this.#drop(entry)));
  }

  get(id: TrunkId): OwnedTrunk | undefined {
    return this.#owned.get(id);
  }

  /** Which trunk a message from this address belongs to. With a port only an exact match. */
  byAddress(host: string, port?: number): Trunk | undefined {
    return this.#addresses.get(port === undefined ? host : `${host}:${port}`);
  }

  statuses(): readonly TrunkStatus[] {
    return [...this.#owned.values()].map(statusOf);
  }

  usable(trunk: OwnedTrunk): boolean {
    return trunk.watch.isUsable && this.#sip?.isUp === true;
  }

  /** Everything is lost that stood on the locks: others may own the trunks now. */
  async ownershipLost(): Promise<void> {
    await Promise.all([...this.#owned.values()].map((entry) => this.#drop(entry)));
    await this.settle();
  }

  /** The call's channel is free. */
  freeCall(id: TrunkId, callId: CallId): void {
    const entry = this.#owned.get(id);
    if (entry?.ledger.freeCall(callId)) this.roomChanged(id);
  }

  roomChanged(id: TrunkId): void {
    const entry = this.#owned.get(id);
    if (!entry || entry.told) return;
    entry.told = setTimeout(() => {
      entry.told = undefined;
      if (!this.#stopped) this.#context.bus.publish('signal.trunk', statusOf(entry));
    }, tellDelayMs);
  }

  /** Brings what we own in line with the directory. One at a time. */
  settle(): Promise<void> {
    this.#settling = this.#settling
      .then(() => this.#settleNow())
      .catch((error: unknown) => this.#context.log.error({ err: error }, 'the trunks could not be brought in line'));
    return this.#settling;
  }

  async #settleNow(): Promise<void> {
    if (this.#stopped) return;
    const configured = this.#context.directory.all('trunk').filter((trunk) => trunk.enabled);
    const addresses = new Map<string, Trunk>();
    const found = await Promise.all(configured.map((trunk) => this.#serversOf(trunk)));
    for (const [index, trunk] of configured.entries()) {
      const servers = (found[index] ?? []).flatMap(({ host, port }) => [host, `${host}:${port}`]);
      for (const address of [...servers, ...trunk.inboundAddresses]) addresses.set(address, trunk);
    }
    this.#addresses = addresses;
    const ids = new Set(configured.map(({ id }) => id));
    for (const entry of [...this.#owned.values()]) {
      if (ids.has(entry.id)) continue;
      await this.#drop(entry);
      await this.#locks.release(entry.id);
    }
    const taken = await this.#share(configured.map(({ id }) => asId<TrunkId>(id)));
    for (const trunk of configured) await this.#settleTrunk(trunk, taken);
  }

  /** Gives away what is another process's part. The trunks that are ours to take. */
  async #share(configured: readonly TrunkId[]): Promise<ReadonlySet<TrunkId>> {
    const census = await this.#locks.census();
    const mine = [...this.#owned.values()].map(({ id, ledger }) => ({ id, isIdle: ledger.used === 0 && !this.#hasCalls(id) }));
    const { take, give } = this.#shares.plan({ configured, mine, ...census });
    for (const id of give) {
      const entry = this.#owned.get(id);
      if (!entry || entry.ledger.used > 0) continue;
      this.#context.log.info({ trunkId: id }, 'this trunk is left to another process');
      await this.#drop(entry);
      // Who takes it reads what became of its calls.
      await this.#context.journal.flush();
      await this.#locks.release(id);
    }
    return new Set(take);
  }

  async #settleTrunk(config: Trunk, taken: ReadonlySet<TrunkId>): Promise<void> {
    const id = asId<TrunkId>(config.id);
    const known = this.#owned.get(id);
    if (known) {
      const before = known.config;
      if (before === config) return;
      known.config = config;
      known.ledger.setLimits({ channels: config.channels, callsPerSecond: config.callsPerSecond });
      if (watchedDifferently(before, config)) await known.watch.begin(config);
      this.roomChanged(id);
      return;
    }
    const sip = this.#sip;
    if (!sip || !taken.has(id) || !(await this.#locks.take(id))) return;
    const ledger = new ChannelLedger({
      limits: { channels: config.channels, callsPerSecond: config.callsPerSecond },
      name: `${id}-${this.#context.node}-${this.#context.clock.nowMs().toString(36)}`,
      leaseMs: this.#options.leaseMs,
      windowMs: 1_000 + this.#options.rateMarginMs,
      aheadMs,
      nowMs: performance.now(),
    });
    const watch = new TrunkWatch({ sip, optionsTimeoutMs: this.#options.optionsTimeoutMs, restMs: this.#options.silentTrunkRestMs, changed: () => this.#stateChanged(entry) }, config);
    const entry: Entry = { id, config, ledger, departures: new Departures(ledger), watch, toldUsage: -1, told: undefined };
    await this.#taken(entry);
    this.#owned.set(id, entry);
    await entry.watch.begin(config);
    this.roomChanged(id);
  }

  /** Whoever sends from one of these addresses is this trunk. */
  async #serversOf(trunk: Trunk): Promise<readonly SipAddress[]> {
    try {
      const servers = (await this.#sip?.locate(addressOfTrunk(trunk))) ?? [];
      this.#servers.set(trunk.id, servers);
      return servers;
    } catch (error) {
      // The last ones that it had are better than none.
      this.#context.log.warn({ err: error, host: trunk.host }, "a trunk's host cannot be found");
      return this.#servers.get(trunk.id) ?? [];
    }
  }

  async #drop(entry: Entry): Promise<void> {
    this.#owned.delete(entry.id);
    entry.departures.stop();
    clearTimeout(entry.told);
    await entry.watch.stop();
  }

  #stateChanged(entry: Entry): void {
    const { up, registered, detail } = entry.watch;
    const data = { trunkId: entry.id, up, registered, detail };
    this.#context.journal.record(streams.trunk(entry.id), fact('TrunkStateChanged', this.#context.clock.nowMs(), data));
    this.roomChanged(entry.id);
  }

  #sample(): void {
    for (const entry of this.#owned.values()) {
      const channelsUsed = entry.ledger.used;
      if (channelsUsed === entry.toldUsage) continue;
      entry.toldUsage = channelsUsed;
      const data = { trunkId: entry.id, channelsUsed, channelLimit: entry.config.channels };
      this.#context.journal.record(streams.trunk(entry.id), fact('TrunkUsage', this.#context.clock.nowMs(), data));
    }
  }
}

const statusOf = (entry: Entry): TrunkStatus => ({
  trunkId: entry.id,
  name: entry.config.name,
  up: entry.watch.isUsable,
  registered: entry.watch.registered,
  channelsUsed: entry.ledger.used,
  channelLimit: entry.config.channels,
  callsPerSecondLimit: entry.config.callsPerSecond,
  detail: entry.watch.detail,
});
