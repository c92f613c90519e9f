import type { Settings } from '@ritmo/domain';
import type { DirectoryReader } from '@ritmo/service-kit';

/** As configured; the defaults where nothing is. */
export function settingsOf(directory: DirectoryReader): Pick<Settings, 'timeZone' | 'apiKey' | 'pauseStatusId' | 'maxExtensions'> &
  Pick<Settings, 'httpAllow' | 'socketReadAllow' | 'socketWriteAllow'> {
  return (
    directory.get('settings', 1) ?? {
      timeZone: 'America/Sao_Paulo',
      pauseStatusId: 6,
      maxExtensions: 10_000,
      httpAllow: [],
      socketReadAllow: [],
      socketWriteAllow: [],
    }
  );
}
