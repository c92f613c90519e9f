import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fact, streams, type AgentId, type CallId } from '@ritmo/domain';
import type { MediaSession, RecordingPart } from '@ritmo/media';
import type { Clock, Journal } from '@ritmo/service-kit';
import type { Logger } from 'pino';

export interface RecordingParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly recordingsDir: string;
}

const madeFolders = new Set<string>();

/** The parts of one call's recording: a new one after a transfer and after a hold. Trouble never stops the call. */
export class CallRecording {
  readonly #parts: RecordingParts;
  readonly #session: MediaSession;
  readonly #callId: CallId;
  #lastPart = 0;
  #running: { readonly part: number; readonly agentId: AgentId | null } | undefined;
  /** One thing after the other, in the order they were asked for. */
  #work: Promise<void> = Promise.resolve();

  constructor(parts: RecordingParts, session: MediaSession, callId: CallId) {
    this.#parts = parts;
    this.#session = session;
    this.#callId = callId;
  }

  start(agentId: AgentId | null): void {
    this.#then('start', async () => {
      if (this.#running) return;
      const part = this.#lastPart + 1;
      const file = this.#file(part);
      const folder = dirname(file);
      if (!madeFolders.has(folder)) {
        await mkdir(folder, { recursive: true });
        madeFolders.add(folder);
      }
      await this.#session.startRecording(file).catch((error: unknown) => {
        this.failed(file, error instanceof Error ? error.message : String(error));
        throw error;
      });
      this.#lastPart = part;
      this.#running = { part, agentId };
    });
  }

  /** Resolves when the file is closed and its fact recorded. */
  stop(): Promise<void> {
    this.#then('stop', async () => {
      const running = this.#running;
      this.#running = undefined;
      if (!running) return;
      const closed = await this.#session.stopRecording();
      if (!closed) return;
      const { journal, clock } = this.#parts;
      const data = { callId: this.#callId, part: running.part, ...closed, agentId: running.agentId };
      journal.record(streams.call(this.#callId), fact('RecordingClosed', clock.nowMs(), data));
    });
    return this.#work;
  }

  /** What wrote the part died: it ends here, and the next one begins. */
  cut(part: RecordingPart): void {
    const cut = this.#running;
    if (!cut) return;
    this.#then('cut', () => {
      if (this.#running !== cut) return Promise.resolve();
      this.#running = undefined;
      const { journal, clock } = this.#parts;
      journal.record(streams.call(this.#callId), fact('RecordingClosed', clock.nowMs(), { callId: this.#callId, part: cut.part, ...part, agentId: cut.agentId }));
      return Promise.resolve();
    });
    this.start(cut.agentId);
  }

  /** A part cannot be written, or not to its end. */
  failed(file: string, error: string): void {
    const { journal, clock, log } = this.#parts;
    log.error({ callId: this.#callId, file, error }, 'the recording cannot be written; the call goes on');
    journal.record(streams.call(this.#callId), fact('RecordingFailed', clock.nowMs(), { callId: this.#callId, file, error }));
  }

  #then(what: string, work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      // A folder that was removed under us is made again next time.
      madeFolders.clear();
      this.#parts.log.error({ err: error, callId: this.#callId }, `recording: ${what} failed; the call goes on`);
    });
  }

  /** A folder each for year, month and day, in UTC: the name alone finds the file again. */
  #file(part: number): string {
    const seconds = Number(this.#callId.split('.')[0]);
    const day = new Date(seconds * 1000).toISOString().slice(0, 10).split('-');
    return join(this.#parts.recordingsDir, ...day, `${this.#callId}-${part}.wav`);
  }
}
