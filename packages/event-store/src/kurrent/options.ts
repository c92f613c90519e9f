export interface KurrentEventStoreOptions {
  /** `kurrentdb://user:password@host:2113?tls=true`, or `esdb://`. */
  readonly url: string;
  /** Appends at once. Default 32. */
  readonly maxInFlight?: number;
  /** How long appends wait for a cluster that cannot be reached before they are refused. Default 30,000. */
  readonly patienceMs?: number;
  readonly log?: (message: string) => void;
}
