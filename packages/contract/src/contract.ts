import type { Agent } from '@ritmo/domain';
import type { DirectoryReader, ServiceContext } from '@ritmo/service-kit';
import { createContactCards, type ContactCards } from './contact-cards.ts';
import { createDeskPhones } from './desk-phones.ts';
import { createLiveBoard } from './live-board.ts';
import { createRecords } from './records.ts';
import { createSecretCheck, type SecretCheck } from './secret.ts';
import type { ContractPorts, ExtensionIndex, ServerStatus } from './function.ts';
import { settingsOf } from './settings.ts';

export interface Contract extends ContractPorts {
  readonly cards: ContactCards;
  /** Whether a function is open to this key: without a configured one, all are but those that always want one. */
  keyOpens(key: string, always: boolean): boolean;
  /** `live` follows agents and calls; a facade that never shows them saves it. */
  start(options: { readonly live: boolean }): Promise<void>;
  stop(): void;
}

/** What the functions stand on, out of what every service is given. */
export function createContract(context: ServiceContext, options: { readonly servers?: () => Promise<readonly ServerStatus[]> } = {}): Contract {
  const { bus, directory, events, database, clock, log } = context;
  const cards = createContactCards({ events, bus });
  const live = createLiveBoard({ bus, cards, log });
  const extensions = createExtensionIndex(directory);
  const configured = (): string | undefined => settingsOf(directory).apiKey;
  let check: { readonly key: string; readonly is: SecretCheck } | undefined;
  const keyIs = (given: string): boolean => {
    const key = configured();
    if (key === undefined) return false;
    if (check?.key !== key) check = { key, is: createSecretCheck(key) };
    return check.is(given);
  };
  return {
    bus,
    directory,
    clock,
    cards,
    live,
    extensions,
    records: createRecords({ database, directory }),
    deskPhones: createDeskPhones({ bus, log }),
    servers: options.servers ?? (() => Promise.resolve([])),
    keyMatches: (key) => keyIs(key.trim()),
    keyOpens: (key, always) => (configured() === undefined ? !always : keyIs(key.trim())),
    async start({ live: follow }) {
      cards.start();
      if (follow) await live.start();
    },
    stop() {
      cards.stop();
      live.stop();
      extensions.stop();
    },
  };
}

function createExtensionIndex(directory: DirectoryReader): ExtensionIndex & { stop(): void } {
  let byExtension: Map<string, Agent> | undefined;
  const stop = directory.onChange((kind) => {
    if (kind === 'agent') byExtension = undefined;
  });
  return {
    agent(extension) {
      byExtension ??= new Map(directory.all('agent').map((agent) => [agent.extension, agent]));
      return byExtension.get(extension);
    },
    stop,
  };
}
