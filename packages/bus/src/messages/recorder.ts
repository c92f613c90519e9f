import type { CallId } from '@ritmo/domain';

/** What the recorder serves. */
export interface RecorderRequests {
  'recorder.find': {
    request: { callId: CallId | null; recordingId: number | null };
    reply: { parts: readonly { recordingId: number; part: number; file: string; bytes: number; durationMs: number }[] };
  };
}
