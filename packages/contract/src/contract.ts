import { timingSafeEqual } from 'node:crypto';
import type { Agent } from '@ritmo/domain';
import type { DirectoryReader, ServiceContext } from '@ritmo/service-kit';
import { createContactCards, type ContactCards } from './contact-cards.ts';
import { createDeskPhones } from './desk-phones.ts';
import { createLiveBoard } from './live-board.ts';
import { createRecords } from './records.ts';
import { settingsOf, type ContractPorts, type ExtensionIndex, type ServerStatus } from './function.ts';

export interface Contract extends ContractPorts {
  readonly cards: ContactCards;
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
    keyMatches: (key) => {
      const expected = settingsOf(directory).apiKey;
      return expected !== undefined && sameSecret(key, expected);
    },
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

const longestSecretBytes = 512;
const scratch = { given: Buffer.alloc(longestSecretBytes), expected: Buffer.alloc(longestSecretBytes) };

/** Constant in time, whatever the lengths: both are compared over the same number of bytes. */
export function sameSecret(given: string, expected: string): boolean {
  scratch.given.fill(0);
  scratch.expected.fill(0);
  const givenBytes = Buffer.byteLength(given);
  const expectedBytes = Buffer.byteLength(expected);
  scratch.given.write(given.slice(0, longestSecretBytes));
  scratch.expected.write(expected.slice(0, longestSecretBytes));
  const same = timingSafeEqual(scratch.given, scratch.expected);
  return same && givenBytes === expectedBytes && givenBytes <= longestSecretBytes;
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
