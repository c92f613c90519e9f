/** Appends that wait for a store that cannot be reached are bounded in number and in time. */
export class EventStoreUnavailableError extends Error {
  constructor(detail: string, cause?: unknown) {
    super(`The event store cannot be reached: ${detail}`, { cause });
    this.name = 'EventStoreUnavailableError';
  }
}

export class EventStoreClosedError extends Error {
  constructor() {
    super('The event store is closed.');
    this.name = 'EventStoreClosedError';
  }
}

/** A request that no store could keep: no events, or data that is not JSON. */
export class InvalidAppendError extends Error {
  readonly streamId: string;
  constructor(streamId: string, detail: string, cause?: unknown) {
    super(`stream ${streamId}: ${detail}`, { cause });
    this.name = 'InvalidAppendError';
    this.streamId = streamId;
  }
}
