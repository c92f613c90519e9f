/**
 * Configured things: one schema each, used by the YAML file, the admin API (and its OpenAPI document) and the code.
 * Ids are the integers that integrators see.
 */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { destinationPattern } from '../destinations.ts';
import { numberKinds } from '../numbers.ts';

const id = (description: string) => Type.Integer({ minimum: 1, maximum: 2_147_483_647, description });
const closed = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 120 });
const clock = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$', description: 'HH:MM, local time of the callee' });

/** Calls of a day that were not completed or ended within six seconds. Absent: counted, and not limited. */
const ShortCallsSchema = Type.Object(
  {
    minCalls: Type.Integer({ minimum: 1, default: 1000, description: 'Fewer calls of the day are not judged' }),
    slowPct: Type.Number({ minimum: 0, maximum: 100, default: 80, description: 'From this share on the trunk begins fewer calls a second' }),
    stopPct: Type.Number({ minimum: 0, maximum: 100, default: 85, description: 'At this share it begins none until the day is over' }),
  },
  { additionalProperties: false },
);

const NumberKindSchema = Type.Union(numberKinds.map((kind) => Type.Literal(kind)));

export const RateSchema = Type.Object(
  {
    kind: NumberKindSchema,
    perMinute: Type.Number({ minimum: 0 }),
    /** First billed block and the step after it: 30/6, 60/60, 1/1. */
    firstBlockS: Type.Integer({ minimum: 1, default: 30 }),
    stepS: Type.Integer({ minimum: 1, default: 6 }),
  },
  closed,
);

export const TrunkSchema = Type.Object(
  {
    id: id('Trunk id, shown in uso_canais.trunk_id'),
    name,
    host: Type.String({ minLength: 1 }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 5060, description: '0: DNS names the servers of the host (NAPTR, SRV; RFC 3263)' }),
    transport: Type.Union([Type.Literal('udp'), Type.Literal('tcp'), Type.Literal('tls')], { default: 'udp' }),
    username: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    register: Type.Boolean({ default: false, description: 'REGISTER with the carrier and keep it fresh' }),
    channels: Type.Integer({ minimum: 1, default: 30, description: 'Most calls at once, both directions' }),
    callsPerSecond: Type.Integer({ minimum: 1, default: 10, description: 'Most INVITEs begun in any second' }),
    callerIds: Type.Array(Type.String({ pattern: '^[0-9+]{3,20}$' }), { default: [], description: 'Used in turn' }),
    codecs: Type.Array(Type.Union([Type.Literal('PCMA'), Type.Literal('PCMU')]), { default: ['PCMA', 'PCMU'] }),
    dialFormat: Type.String({ default: '{areaCode}{number}', description: 'Request-URI user: {areaCode} and {number} are filled in' }),
    optionsIntervalS: Type.Integer({ minimum: 0, default: 30, description: 'OPTIONS keep-alive; 0 turns it off' }),
    silenceTimeoutS: Type.Optional(Type.Integer({ minimum: 0, default: 6, description: 'An INVITE of which nothing at all is heard by then, not even 100, goes to the next server or trunk; 0: after 64*T1 (32 s)' })),
    inboundAddresses: Type.Array(Type.String(), { default: [], description: 'Further addresses that calls of this trunk come from' }),
    enabled: Type.Boolean({ default: true }),
    maxOwnCalls: Type.Integer({ minimum: 0, default: 10, description: 'Most calls at once that agents began: by discar, at their phones, by transfers to outside numbers' }),
    maxCallS: Type.Integer({ minimum: 1, default: 14_400, description: 'A call that lasts longer is ended, whoever began it' }),
    shortCalls: Type.Optional(ShortCallsSchema),
    inboundRates: Type.Optional(Type.Array(RateSchema, { description: 'What the carrier asks for calls that come in, by kind of the number that calls: toll-free numbers' })),
  },
  closed,
);

export const RouteSchema = Type.Object(
  {
    id: id('Route id'),
    name,
    active: Type.Boolean({ default: true }),
    order: Type.Integer({ default: 100, description: 'Lower is tried first when several routes match' }),
    areaCodes: Type.Array(Type.String({ pattern: '^[0-9]{2,4}$' }), { default: [], description: 'Empty: every area code' }),
    kinds: Type.Array(NumberKindSchema, { default: [], description: 'Empty: every kind' }),
    trunks: Type.Array(id('Trunk'), { minItems: 1, description: 'First to last: failover order' }),
    rates: Type.Array(RateSchema, { default: [] }),
    homeAreaCode: Type.Optional(Type.String({ pattern: '^[0-9]{2}$', description: 'Area code that counts as local' })),
    branch: Type.String({ default: 'Matriz', description: 'Filial shown in ligacoes_ativo' }),
  },
  closed,
);

export const AgentSchema = Type.Object(
  {
    id: id('User id'),
    name,
    extension: Type.String({ pattern: '^[0-9]{2,10}$' }),
    password: Type.String({ minLength: 4, description: 'SIP password' }),
    email: Type.Optional(Type.String()),
    mobile: Type.Optional(Type.String()),
    groupId: Type.Optional(Type.Integer()),
    kind: Type.Union([Type.Literal('softphone'), Type.Literal('hardphone')], { default: 'softphone' }),
    phoneModel: Type.Optional(Type.Union([Type.Literal('khomp'), Type.Literal('grandstream')])),
    phoneAddress: Type.Optional(Type.String()),
    phonePassword: Type.Optional(Type.String()),
    autoAnswer: Type.Boolean({ default: false, description: 'Offer with Call-Info: answer-after=0' }),
    maxCallbacks: Type.Integer({ minimum: 0, default: 50, description: 'Open callbacks of this agent' }),
    allowedKinds: Type.Array(NumberKindSchema, {
      default: ['local', 'mobile', 'interurban', 'interurban-mobile', 'toll-free'],
      description: 'Kinds of numbers this extension may call or transfer to; service is also 0300, 0500 and 0900',
    }),
    maxConcurrentCalls: Type.Integer({ minimum: 1, default: 2, description: 'Most calls at once of this extension; also of outside numbers that it began and passed on' }),
    maxCallS: Type.Integer({ minimum: 1, default: 7200, description: 'A call that this extension began is ended after so long' }),
    blocked: Type.Optional(Type.Boolean({ description: 'May not log in' })),
    loginOnRegister: Type.Boolean({ default: true, description: 'A registered extension is logged in with status 1' }),
  },
  closed,
);

/** Shared extensions (rulings.md: begin with 5): a desk phone that several agents log in at. */
export const SharedExtensionSchema = Type.Object(
  {
    id: id('Shared extension id'),
    extension: Type.String({ pattern: '^5[0-9]{1,9}$' }),
    phoneModel: Type.Optional(Type.Union([Type.Literal('khomp'), Type.Literal('grandstream')])),
    phoneAddress: Type.Optional(Type.String()),
    phonePassword: Type.Optional(Type.String()),
    password: Type.String({ minLength: 4 }),
  },
  closed,
);

export const AgentGroupSchema = Type.Object({ id: id('Group id'), name }, closed);

export const QueueSchema = Type.Object(
  {
    id: id('Queue id: grupo de atendimento'),
    name,
    strategy: Type.Union([Type.Literal('longest-idle'), Type.Literal('fewest-calls'), Type.Literal('priority'), Type.Literal('skill')], {
      default: 'longest-idle',
    }),
    members: Type.Array(
      Type.Object({ agentId: id('Agent'), priority: Type.Integer({ default: 1 }), skill: Type.Integer({ default: 1 }) }, closed),
      { default: [] },
    ),
    numbers: Type.Array(Type.String(), { default: [], description: 'Dialed numbers whose calls come to this queue' }),
    ringTimeoutS: Type.Number({ minimum: 1, default: 15 }),
    wrapUpS: Type.Number({ minimum: 0, default: 0 }),
    missedBeforePause: Type.Integer({ minimum: 0, default: 3, description: 'Missed offers in a row before the agent is paused; 0 never' }),
    maxWaitS: Type.Number({ minimum: 1, default: 600 }),
    serviceLevelS: Type.Integer({ minimum: 1, default: 20 }),
    musicFile: Type.Optional(Type.String()),
    /** Played to a caller that is about to be abandoned. */
    safeHarbourFile: Type.Optional(Type.String()),
    dialerPriority: Type.Integer({ default: 10, description: 'Priority of dialed calls among inbound ones; lower goes first' }),
    inboundPriority: Type.Integer({ default: 5 }),
  },
  closed,
);

export const UserStatusSchema = Type.Object(
  { id: Type.Integer({ minimum: 0 }), name, pause: Type.Boolean({ default: true, description: 'No calls are offered in this status' }) },
  closed,
);

export const DispositionSchema = Type.Object(
  {
    id: id('Disposition id'),
    name,
    finishing: Type.Boolean({ default: false, description: 'Ends the contact with all of its phones' }),
    reschedules: Type.Boolean({ default: false }),
    success: Type.Boolean({ default: false }),
    /** Intermediate: the call is still going on (Discado Sistema, URA do Discador, Na Fila de Espera). */
    intermediate: Type.Boolean({ default: false }),
  },
  closed,
);

export const BlockListSchema = Type.Object({ id: id('Block list id'), name, group: Type.String({ default: 'Geral' }) }, closed);

export const CallWindowSchema = Type.Object(
  {
    id: id('Call window id'),
    name,
    /** 0 Sunday to 6 Saturday. */
    periods: Type.Array(
      Type.Object({ days: Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1 }), from: clock, to: clock }, closed),
      { minItems: 1 },
    ),
    holidays: Type.Array(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }), { default: [] }),
    /** Area code to IANA zone, over the shipped table of Brazil's area codes. */
    timeZones: Type.Record(Type.String(), Type.String(), { default: {} }),
  },
  closed,
);

const RetryRuleSchema = Type.Object(
  {
    outcome: Type.Union([
      Type.Literal('busy'),
      Type.Literal('no-answer'),
      Type.Literal('rejected'),
      Type.Literal('machine'),
      Type.Literal('abandoned'),
      Type.Literal('invalid-number'),
      Type.Literal('trunk-failure'),
      Type.Literal('cancelled'),
      Type.Literal('interrupted'),
    ]),
    /** Further tries of the same phone for this outcome. */
    samePhoneTries: Type.Integer({ minimum: 0, default: 0 }),
    afterMinutes: Type.Number({ minimum: 0, default: 30 }),
    then: Type.Union([Type.Literal('next-phone'), Type.Literal('give-up')], { default: 'next-phone' }),
    nextPhoneAfterMinutes: Type.Number({ minimum: 0, default: 0 }),
  },
  closed,
);

export const CampaignSchema = Type.Object(
  {
    id: id('Campaign id'),
    name,
    queueId: id('Queue that answered calls go to'),
    mode: Type.Union([Type.Literal('preview'), Type.Literal('progressive'), Type.Literal('power'), Type.Literal('predictive')], {
      default: 'predictive',
    }),
    ratio: Type.Number({ minimum: 1, maximum: 10, default: 1.5, description: 'Lines per free agent in power mode' }),
    abandonCapPct: Type.Number({ minimum: 0, maximum: 100, default: 3 }),
    graceMs: Type.Integer({ minimum: 0, default: 2000, description: 'Answered to agent within this is not abandoned' }),
    graceClock: Type.Optional(
      Type.Union([Type.Literal('answer'), Type.Literal('detection-end')], { description: 'When graceMs begins: at the answer (default), or when machine detection has spoken' }),
    ),
    detectionMs: Type.Optional(
      Type.Integer({
        minimum: 500,
        maximum: 30_000,
        default: 4000,
        description: "With graceClock detection-end: how long an answered call waits for the detector's word before it is taken for a person's",
      }),
    ),
    abandonWindow: Type.Optional(
      Type.Union([Type.Literal('campaign'), Type.Literal('day'), Type.Literal('24h'), Type.Literal('30d')], { description: 'What abandonCapPct is counted over; campaign when left out' }),
    ),
    abandonDenominator: Type.Optional(
      Type.Union([Type.Literal('live'), Type.Literal('answered'), Type.Literal('estimated')], {
        description: 'What abandoned calls are divided by: people (default), all answered calls, or answered calls less machineSharePct',
      }),
    ),
    machineSharePct: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'Estimated share of machines among answered calls, without detection' })),
    maxQueueMs: Type.Integer({ minimum: 0, default: 10000, description: 'A dialed caller waits at most this long, then safe harbour and hang-up' }),
    ringTimeoutMs: Type.Integer({ minimum: 5000, default: 30000 }),
    callerIds: Type.Array(Type.String(), { default: [], description: "Empty: the trunk's" }),
    routeIds: Type.Array(id('Route'), { default: [], description: 'Empty: every route' }),
    callWindowId: Type.Optional(Type.Integer()),
    blockListIds: Type.Array(Type.Integer(), { default: [] }),
    retries: Type.Array(RetryRuleSchema, { default: [] }),
    maxAttemptsPerDay: Type.Integer({ minimum: 1, default: 3, description: 'Attempts per contact and day' }),
    maxAttempts: Type.Integer({ minimum: 1, default: 15, description: 'Attempts per contact in all' }),
    maxPhones: Type.Integer({ minimum: 1, maximum: 10, default: 10 }),
    parameters: Type.Array(Type.String(), { default: ['Parâmetro 1', 'Parâmetro 2'], description: "Names of the contact's parameters" }),
    defaultAreaCode: Type.String({ default: '11' }),
    maxCallbacksPerContact: Type.Integer({ minimum: 0, default: 5 }),
    active: Type.Boolean({ default: false, description: 'Activated at the first start' }),
    record: Type.Boolean({ default: true }),
  },
  closed,
);

/** One per installation, id 1. */
export const SettingsSchema = Type.Object(
  {
    id: Type.Literal(1),
    timeZone: Type.String({ default: 'America/Sao_Paulo' }),
    apiKey: Type.Optional(Type.String({ minLength: 8 })),
    pauseStatusId: Type.Integer({ default: 6, description: 'Status that set_pause puts an agent in' }),
    httpAllow: Type.Array(Type.String(), { default: [] }),
    socketReadAllow: Type.Array(Type.String(), { default: [] }),
    socketWriteAllow: Type.Array(Type.String(), { default: [] }),
    databaseAllow: Type.Array(Type.String(), { default: [] }),
    maxExtensions: Type.Integer({ default: 10000 }),
    recordingRetentionDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 36500, description: 'Recordings older than this are removed; absent or 0: kept for ever' })),
    mediaTimeoutS: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600, description: 'A side that sends no RTP for this long, and is not on hold, ends the call; 0 never does. Default 60' })),
    destinationAllow: Type.Array(Type.String({ pattern: destinationPattern, description: 'digits with area code, * only at the end: 11*, 001212*, +5511*' }), { default: [], description: 'What agents may call: 11*, 001212*, +5511*; empty: Brazilian numbers only' }),
  },
  closed,
);

/** Every kind of configured thing. The key is the kind's name in events, in the admin API and (plural) in the YAML file. */
export const directorySchemas = {
  settings: SettingsSchema,
  trunk: TrunkSchema,
  route: RouteSchema,
  agent: AgentSchema,
  'shared-extension': SharedExtensionSchema,
  'agent-group': AgentGroupSchema,
  queue: QueueSchema,
  'user-status': UserStatusSchema,
  disposition: DispositionSchema,
  'block-list': BlockListSchema,
  'call-window': CallWindowSchema,
  campaign: CampaignSchema,
} as const satisfies Record<string, TSchema>;

export type DirectoryKind = keyof typeof directorySchemas;
export type DirectoryEntry<K extends DirectoryKind> = Static<(typeof directorySchemas)[K]>;

export type Trunk = DirectoryEntry<'trunk'>;
export type Rate = Static<typeof RateSchema>;
export type Route = DirectoryEntry<'route'>;
export type Agent = DirectoryEntry<'agent'>;
export type SharedExtension = DirectoryEntry<'shared-extension'>;
export type AgentGroup = DirectoryEntry<'agent-group'>;
export type Queue = DirectoryEntry<'queue'>;
export type UserStatus = DirectoryEntry<'user-status'>;
export type Disposition = DirectoryEntry<'disposition'>;
export type BlockList = DirectoryEntry<'block-list'>;
export type CallWindow = DirectoryEntry<'call-window'>;
export type Campaign = DirectoryEntry<'campaign'>;
export type Settings = DirectoryEntry<'settings'>;

/** All configured things at one moment. Maps by id. */
export type DirectorySnapshot = { readonly [K in DirectoryKind]: ReadonlyMap<number, DirectoryEntry<K>> };
