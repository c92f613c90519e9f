import { directorySchemas } from '@ritmo/domain';
import type { DirectoryReader } from '@ritmo/service-kit';
import type { DigestCredentials } from '@ritmo/sip';

/** Who may register: agents' extensions and shared ones. */
export interface People {
  credentialsOf(user: string): DigestCredentials | undefined;
  isExtension(user: string): boolean;
  /** Whether the directory takes extensions of this form, used or not. */
  mayBeExtension(user: string): boolean;
  stop(): void;
}

const formOfExtensions = new RegExp(directorySchemas.agent.properties.extension.pattern ?? '');

export function createPeople(directory: DirectoryReader): People {
  let byExtension: Map<string, string> | undefined;
  const stop = directory.onChange((kind) => {
    if (kind === 'agent' || kind === 'shared-extension') byExtension = undefined;
  });
  const passwords = (): Map<string, string> => {
    byExtension ??= new Map([...directory.all('agent'), ...directory.all('shared-extension')].map(({ extension, password }) => [extension, password]));
    return byExtension;
  };
  return {
    credentialsOf(user) {
      const password = passwords().get(user);
      return password === undefined ? undefined : { username: user, password };
    },
    isExtension: (user) => passwords().has(user),
    mayBeExtension: (user) => formOfExtensions.test(user),
    stop,
  };
}
