import type { MediaEngineState } from '@ritmo/media';
import type { PartHealth } from '@ritmo/service-kit';

/** How long a restart is shown. */
const shownMs = 3_600_000;

export function mediaHealth(state: MediaEngineState | undefined): PartHealth {
  if (!state) return { status: 'OK', detail: '' };
  const { up, restarts, lastFailure } = state;
  if (!up) return { status: 'CRITICAL', detail: `no sound: the media thread is being started anew${lastFailure ? ` (${lastFailure.message})` : ''}` };
  if (lastFailure && lastFailure.agoMs < shownMs) {
    return { status: 'WARNING', detail: `the media thread was started anew ${restarts} times, last ${Math.round(lastFailure.agoMs / 1000)} s ago (${lastFailure.message}); calls went on` };
  }
  return { status: 'OK', detail: '' };
}
