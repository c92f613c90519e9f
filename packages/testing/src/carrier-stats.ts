/** What the far end of the wire saw: the only witness that a limit was kept and nothing was dialed twice. */

export interface CarrierCallRecord {
  readonly sipCallId: string;
  readonly number: string;
  readonly callerId: string;
  readonly behaviour: string;
  readonly startedAtMs: number;
  readonly answeredAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Final code of a refusal or cancel; 200 for a call that was answered. */
  readonly sipCode: number | null;
  /** Who ended an answered call: `carrier` is the person called, `far-end` the dialer, `cut` a time-out or a lost transport. */
  readonly endedBy: 'carrier' | 'far-end' | 'cut' | null;
  /** RTP packets of G.711 heard and sent. */
  readonly packetsHeard: number;
  readonly packetsSent: number;
}

export interface CarrierSecond {
  readonly atMs: number;
  /** Most channels at once in this second. */
  readonly channels: number;
  /** INVITEs that came in this second. */
  readonly invites: number;
}

export interface CarrierStats {
  /** New calls, each INVITE once: retransmissions, in-dialog INVITEs and repeats with credentials are not counted. */
  readonly invitesSeen: number;
  /** How many INVITEs each SIP Call-ID had. Every value is 1, or something was dialed twice. */
  readonly invitesByCallId: Readonly<Record<string, number>>;
  readonly duplicateCallIds: readonly string[];
  readonly channels: number;
  readonly maxChannels: number;
  readonly channelLimit: number | null;
  /** Most INVITEs in any 1 000 ms. */
  readonly maxCps: number;
  readonly cpsLimit: number | null;
  readonly rejectedBeyondLimit: number;
  readonly answered: number;
  readonly hungUpByCarrier: number;
  readonly hungUpByFarEnd: number;
  /** Answered calls that no BYE ended. */
  readonly callsCutShort: number;
  readonly cancelled: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly packetsHeard: number;
  /** Answered calls that lasted two seconds or more and in which nothing was heard. */
  readonly deafCalls: number;
  readonly seconds: readonly CarrierSecond[];
  readonly calls: readonly CarrierCallRecord[];
}

type OpenRecord = { -readonly [K in keyof CarrierCallRecord]: CarrierCallRecord[K] };

const WINDOW_MS = 1000;
const DEAF_AFTER_MS = 2000;

export class CarrierMeter {
  private readonly calls: OpenRecord[] = [];
  private readonly invitesByCallId = new Map<string, number>();
  private readonly seconds: { atMs: number; channels: number; invites: number }[] = [];
  /** Times of the INVITEs of the last second. */
  private window: number[] = [];
  private channels = 0;
  private maxChannels = 0;
  private maxCps = 0;
  private rejectedBeyondLimit = 0;
  private cancelled = 0;

  /** An INVITE came; a channel is taken until `ended` or `refused`. */
  began(sipCallId: string, number: string, callerId: string, nowMs: number): OpenRecord {
    const record: OpenRecord = {
      sipCallId,
      number,
      callerId,
      behaviour: '',
      startedAtMs: nowMs,
      answeredAtMs: null,
      endedAtMs: null,
      sipCode: null,
      endedBy: null,
      packetsHeard: 0,
      packetsSent: 0,
    };
    this.calls.push(record);
    this.invitesByCallId.set(sipCallId, (this.invitesByCallId.get(sipCallId) ?? 0) + 1);
    this.channels += 1;
    this.maxChannels = Math.max(this.maxChannels, this.channels);
    this.window = this.window.filter((at) => at > nowMs - WINDOW_MS);
    this.window.push(nowMs);
    this.maxCps = Math.max(this.maxCps, this.window.length);
    const second = this.secondOf(nowMs);
    second.invites += 1;
    return record;
  }

  get channelsNow(): number {
    return this.channels;
  }

  get cpsNow(): number {
    return this.window.length;
  }

  answered(record: OpenRecord, nowMs: number): void {
    record.answeredAtMs = nowMs;
    record.sipCode = 200;
  }

  refused(record: OpenRecord, sipCode: number, nowMs: number, why?: 'cancelled' | 'beyond-limit'): void {
    if (record.endedAtMs !== null) return;
    record.sipCode = sipCode;
    if (why === 'cancelled') this.cancelled += 1;
    if (why === 'beyond-limit') this.rejectedBeyondLimit += 1;
    this.free(record, nowMs);
  }

  ended(record: OpenRecord, endedBy: 'carrier' | 'far-end' | 'cut', nowMs: number): void {
    if (record.endedAtMs !== null) return;
    record.endedBy = endedBy;
    this.free(record, nowMs);
  }

  private free(record: OpenRecord, nowMs: number): void {
    record.endedAtMs = nowMs;
    this.secondOf(nowMs);
    this.channels -= 1;
  }

  /** The second that now is in; its maximum begins with the channels of now. */
  private secondOf(nowMs: number): { atMs: number; channels: number; invites: number } {
    const atMs = Math.floor(nowMs / 1000) * 1000;
    let second = this.seconds.at(-1);
    if (second?.atMs !== atMs) {
      second = { atMs, channels: 0, invites: 0 };
      this.seconds.push(second);
    }
    second.channels = Math.max(second.channels, this.channels);
    return second;
  }

  /** Called now and then, so that seconds in which nothing happened are in the series too. */
  tick(nowMs: number): void {
    this.secondOf(nowMs);
  }

  stats(limits: { readonly channelLimit: number | null; readonly cpsLimit: number | null }): CarrierStats {
    const { calls } = this;
    const answered = calls.filter((call) => call.answeredAtMs !== null);
    const endedBy = (who: CarrierCallRecord['endedBy']): number => answered.filter((call) => call.endedBy === who).length;
    const byCode: Record<string, number> = {};
    for (const call of calls) if (call.sipCode !== null) byCode[call.sipCode] = (byCode[call.sipCode] ?? 0) + 1;
    return {
      invitesSeen: calls.length,
      invitesByCallId: Object.fromEntries(this.invitesByCallId),
      duplicateCallIds: [...this.invitesByCallId].filter(([, count]) => count > 1).map(([id]) => id),
      channels: this.channels,
      maxChannels: this.maxChannels,
      maxCps: this.maxCps,
      ...limits,
      rejectedBeyondLimit: this.rejectedBeyondLimit,
      answered: answered.length,
      hungUpByCarrier: endedBy('carrier'),
      hungUpByFarEnd: endedBy('far-end'),
      callsCutShort: endedBy('cut'),
      cancelled: this.cancelled,
      byCode,
      packetsHeard: calls.reduce((sum, call) => sum + call.packetsHeard, 0),
      deafCalls: answered.filter((call) => (call.endedAtMs ?? 0) - (call.answeredAtMs ?? 0) >= DEAF_AFTER_MS && call.packetsHeard === 0).length,
      seconds: this.seconds.map((second) => ({ ...second })),
      calls: calls.map((call) => ({ ...call })),
    };
  }
}
