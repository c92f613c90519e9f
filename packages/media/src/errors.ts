/** What the native engine may say no with. */

/** Every port of the range is in use, by calls or by other programs. */
export class NoMediaPortError extends Error {
  readonly from: number;
  readonly to: number;
  constructor([from, to]: readonly [number, number]) {
    super(`no free RTP port between ${from} and ${to}`);
    this.name = 'NoMediaPortError';
    this.from = from;
    this.to = to;
  }
}

/** The engine is not started, or the thread died. */
export class MediaEngineDownError extends Error {
  constructor() {
    super('the media engine is not running');
    this.name = 'MediaEngineDownError';
  }
}
