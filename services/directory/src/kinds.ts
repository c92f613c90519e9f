import type { DirectoryKind } from '@ritmo/domain';

/** Keys of the YAML file. */
export const pluralOf = {
  'agent-group': 'agentGroups',
  'user-status': 'userStatuses',
  disposition: 'dispositions',
  'block-list': 'blockLists',
  'call-window': 'callWindows',
  trunk: 'trunks',
  route: 'routes',
  agent: 'agents',
  'shared-extension': 'sharedExtensions',
  queue: 'queues',
  campaign: 'campaigns',
  settings: 'settings',
} as const satisfies Record<DirectoryKind, string>;

/** What is referred to comes before what refers to it. Settings come last: their presence says that the seeding was finished. */
export const kindsInOrder = Object.keys(pluralOf) as readonly DirectoryKind[];

/** What a person calls it, in an error. */
export const nounOf = {
  'agent-group': 'agent group',
  'user-status': 'user status',
  disposition: 'disposition',
  'block-list': 'block list',
  'call-window': 'call window',
  trunk: 'trunk',
  route: 'route',
  agent: 'agent',
  'shared-extension': 'shared extension',
  queue: 'queue',
  campaign: 'campaign',
  settings: 'settings',
} as const satisfies Record<DirectoryKind, string>;
