import { access } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Made by sounds/make-sounds.ts. */
const shippedFolder = fileURLToPath(new URL('../sounds', import.meta.url));

export const sounds = { music: 'music-on-hold.wav', safeHarbour: 'safe-harbour.wav', ringback: 'ringback.wav' } as const;

/** Finds a sound by its configured name: an absolute path, a file in the installation's folder, or one that ships. */
export interface SoundFinder {
  /** Undefined when there is no such file. */
  find(name: string): Promise<string | undefined>;
  /** A sound that ships. */
  shipped(name: (typeof sounds)[keyof typeof sounds]): string;
}

export function createSoundFinder(installationFolder: string): SoundFinder {
  /** Only what was found: a file that is added later is found then. */
  const found = new Map<string, string>();
  const candidates = (name: string): readonly string[] => {
    if (isAbsolute(name)) return [name];
    const relative = normalize(name);
    if (relative.startsWith('..')) return [];
    return [join(installationFolder, relative), join(shippedFolder, relative)];
  };
  return {
    async find(name) {
      const known = found.get(name);
      if (known !== undefined) return known;
      for (const file of candidates(name)) {
        try {
          await access(file);
          found.set(name, file);
          return file;
        } catch {
          // The next place.
        }
      }
      return undefined;
    },
    shipped: (name) => join(shippedFolder, name),
  };
}
