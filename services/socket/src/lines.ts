import type { Bus, BusSubscription } from '@ritmo/bus';
import type { ContactCard, ContactCards, LiveBoard } from '@ritmo/contract';
import { streams, type CallDirection, type CallId, type CampaignId, type ContactId, type DomainEvent, type EventDataByType, type PhoneId } from '@ritmo/domain';
import type { EventStore, StoredEvent } from '@ritmo/event-store';
import type { DirectoryReader } from '@ritmo/service-kit';
import type { Logger } from 'pino';

/** Builds one line of 1.2.1. `<`, `>` and line ends cannot occur inside a value. */
export function line(...values: readonly (string | number | null | undefined)[]): string {
  return `${values.map((value) => `<${String(value ?? '').replace(/[<>\r\n]/g, ' ')}>`).join('')}\r\n`;
}

/** 1.2.1.2: on a local call the area code of the origin is left out, with what a carrier writes before it (0, 55, +55). */
export function localOrigin(number: string, homeAreaCode: string | undefined): string {
  const national = /^(?:\+?55|0)?(\d{10,11})$/.exec(number)?.[1];
  return homeAreaCode !== undefined && national?.startsWith(homeAreaCode) === true ? national.slice(homeAreaCode.length) : number;
}

interface KnownCall {
  readonly direction: CallDirection;
  readonly campaignId: CampaignId | null;
  readonly contactId: ContactId | null;
  /** Of an internal call: the extension on the caller's side, which a transfer may change. */
  readonly from: string;
  readonly to: string;
  /** Who answered last. */
  readonly answeredBy?: string;
}

export interface LineSourceParts {
  readonly bus: Bus;
  readonly events: EventStore;
  readonly directory: DirectoryReader;
  readonly cards: ContactCards;
  /** Who is logged in where. */
  readonly live: Pick<LiveBoard, 'agents'>;
  readonly log: Logger;
}

export interface LineSource {
  start(write: (line: string) => void): void;
  stop(): void;
}

const mostCalls = 20_000;

/** As it was imported, with its area code. */
function numberOf({ phones }: ContactCard, phoneId: PhoneId): string {
  const phone = phones.get(phoneId);
  return phone === undefined ? '' : `${phone.areaCode}${phone.number}`;
}

/** The extension that began it: of a call from one extension to another the caller's is an active call, the other's a receptive one. */
function callerOf(placed: EventDataByType['CallPlaced']): string | null {
  return placed.direction === 'agent' ? placed.extension : placed.direction === 'internal' ? placed.from : null;
}

/** Facts as lines (1.2.1), in the order of the facts: a line that waits for its contact holds up those behind it. */
export function createLineSource(parts: LineSourceParts): LineSource {
  const { bus, events, directory, cards, live, log } = parts;
  const calls = new Map<CallId, KnownCall>();
  /** Extensions that are told to be in a call and not yet to have left it. */
  const open = new Map<CallId, Set<string>>();
  /** Of calls that began before this process did: who was told to have left. */
  const left = new Map<CallId, Set<string>>();
  const waiting: { text: string | undefined }[] = [];
  let subscriptions: BusSubscription[] = [];
  let write: (line: string) => void = () => undefined;

  function flush(): void {
    for (let first = waiting[0]; first?.text !== undefined; first = waiting[0]) {
      waiting.shift();
      if (first.text !== '') write(first.text);
    }
  }
  function say(text: string | Promise<string>): void {
    if (typeof text === 'string') {
      waiting.push({ text });
      return flush();
    }
    const place: { text: string | undefined } = { text: undefined };
    waiting.push(place);
    void text
      .catch((error: unknown) => {
        log.error({ err: error }, 'a line cannot be told');
        return '';
      })
      .then((told) => {
        place.text = told;
        flush();
      });
  }

  /** Who is logged in at a shared desk phone is named by the own extension, as everywhere else: calls and legs are of the phone that rings. */
  const named = (extension: string): string => live.agents().find(({ sharedExtension }) => sharedExtension === extension)?.extension ?? extension;
  const agentOfLeg = ({ agentId, extension }: EventDataByType['AgentLegEnded']): string => directory.get('agent', agentId)?.extension ?? extension;

  /** Who is in a call, by the facts of its stream. */
  function insideOf(stored: readonly StoredEvent[]): ReadonlySet<string> {
    const inside = new Set<string>();
    for (const { type, data } of stored) {
      // The other types of a call's stream put nobody in it and take nobody out.
      if (type === 'CallPlaced') {
        const caller = callerOf(data as unknown as EventDataByType['CallPlaced']);
        if (caller !== null) inside.add(named(caller));
      } else if (type === 'CallDelivered') inside.add((data as unknown as EventDataByType['CallDelivered']).extension);
      else if (type === 'AgentLegEnded') inside.delete(agentOfLeg(data as unknown as EventDataByType['AgentLegEnded']));
    }
    return inside;
  }

  /** Ends are heard at most once, so some may not be: what is oldest goes when there are more calls than any installation has. */
  const remember = (callId: CallId, call: KnownCall): void => {
    calls.set(callId, call);
    if (calls.size <= mostCalls) return;
    for (const oldest of calls.keys()) {
      calls.delete(oldest);
      open.delete(oldest);
      return;
    }
  };
  /** False when it was in the call already. */
  const enter = (callId: CallId, extension: string): boolean => {
    const inside = open.get(callId) ?? new Set();
    if (inside.has(extension)) return false;
    open.set(callId, inside.add(extension));
    return true;
  };
  const leave = (callId: CallId, extension: string): void => {
    // Of a call that began before this process did, that somebody was in it is known by the leaving.
    if (!calls.has(callId) && !open.has(callId)) return leftUnknown(callId, extension);
    if (open.get(callId)?.delete(extension) === true) say(line('H', extension, callId));
    if (open.get(callId)?.size === 0) open.delete(callId);
  };
  const leftUnknown = (callId: CallId, extension: string): void => {
    const gone = left.get(callId) ?? new Set();
    if (gone.has(extension)) return;
    left.set(callId, gone.add(extension));
    say(line('H', extension, callId));
  };
  const ended = ({ data: { callId } }: DomainEvent<'CallEnded'>): void => {
    if (calls.has(callId) || open.has(callId)) {
      for (const extension of [...(open.get(callId) ?? [])]) leave(callId, extension);
      calls.delete(callId);
    } else say(endedUnknown(callId));
  };
  async function endedUnknown(callId: CallId): Promise<string> {
    const gone = left.get(callId);
    left.delete(callId);
    const inside = insideOf(await events.readStream(streams.call(callId)));
    return [...inside].filter((extension) => gone?.has(extension) !== true).map((extension) => line('H', extension, callId)).join('');
  }

  /** A call that began before this process did is found in its own stream. */
  async function callOf(callId: CallId): Promise<KnownCall | undefined> {
    const known = calls.get(callId);
    if (known !== undefined) return known;
    const stored = (await events.readStream(streams.call(callId))).find(({ type }) => type === 'CallPlaced');
    if (stored === undefined) return undefined;
    const placed = stored.data as unknown as EventDataByType['CallPlaced'];
    if (placed.contactId === null || placed.phoneId === null) return placed;
    // The wire was told the number as the trunk wants it; readers are told it as it was imported.
    return { ...placed, to: numberOf(await cards.of(placed.contactId), placed.phoneId) || placed.to };
  }

  const homeAreaCode = (): string | undefined => directory.all('route').find((route) => route.homeAreaCode !== undefined)?.homeAreaCode;

  /** `entered`: the extension was not in the call before. */
  async function delivered({ data }: DomainEvent<'CallDelivered'>, entered: boolean): Promise<string> {
    const call = await callOf(data.callId);
    const contactId = call?.contactId ?? null;
    if (call !== undefined && contactId !== null) {
      const { parameters } = await cards.of(contactId);
      return line('D', data.extension, call.to, parameters[0], parameters[1], data.campaignId ?? call.campaignId, data.callId);
    }
    if (call === undefined || call.direction === 'inbound' || call.direction === 'internal') return line('R', data.extension, localOrigin(call?.from ?? '', homeAreaCode()), call?.to, data.callId);
    // An agent's own call is told when it is placed, and of the colleague who takes it over when that happens.
    return call.direction === 'agent' && entered ? line('A', data.extension, call.to, data.callId) : '';
  }

  async function ofContact(name: 'PREVIEW' | 'AGOP', data: { contactId: ContactId; campaignId: CampaignId; phoneId: PhoneId; agentId: number | null }): Promise<string> {
    const agent = data.agentId === null ? undefined : directory.get('agent', data.agentId);
    if (agent === undefined) return '';
    const card = await cards.of(data.contactId);
    return line(name, agent.extension, numberOf(card, data.phoneId), card.parameters[0], card.parameters[1], data.campaignId);
  }

  function placed({ data }: DomainEvent<'CallPlaced'>): void {
    if (!calls.has(data.callId)) remember(data.callId, data.direction === 'internal' ? { ...data, from: named(data.from) } : data);
    const caller = callerOf(data);
    if (caller === null) return;
    enter(data.callId, named(caller));
    say(line('A', named(caller), data.to, data.callId));
  }

  /**
   * The caller of an internal call leaves it, and who takes its place calls from then on: after a blind transfer whom it had called
   * (whose receptive call has been told as over), after an attended one whom it had consulted.
   */
  function callerReplaced({ callId, fromAgentId, toAgentId, toQueueId, toNumber, attended }: EventDataByType['CallTransferred']): void {
    const call = calls.get(callId);
    const extensionOf = (agentId: number | null): string | undefined => (agentId === null ? undefined : directory.get('agent', agentId)?.extension);
    if (call?.direction !== 'internal' || extensionOf(fromAgentId) !== call.from) return;
    leave(callId, call.from);
    const from = attended ? extensionOf(toAgentId) : call.answeredBy;
    if (from === undefined) return;
    const target = toNumber ?? extensionOf(toAgentId) ?? (toQueueId === null ? undefined : directory.get('queue', toQueueId)?.numbers[0]);
    const to = attended ? call.to : (target ?? '');
    calls.set(callId, { ...call, from, to });
    if (enter(callId, from)) say(line('A', from, to, callId));
  }

  return {
    start(to) {
      write = to;
      subscriptions = [
        bus.subscribe('fact.AttemptStarted', ({ data }) => {
          const { campaignId, contactId } = data;
          remember(data.callId, { direction: 'campaign', campaignId, contactId, from: data.callerId, to: `${data.areaCode}${data.number}` });
        }),
        bus.subscribe('fact.CallPlaced', placed),
        bus.subscribe('fact.CallAnswered', ({ data }) => {
          // Asked for ahead of the line that will need it.
          if (data.contactId !== null) cards.of(data.contactId).catch(() => undefined);
        }),
        bus.subscribe('fact.CallDelivered', (event) => {
          const { callId, extension } = event.data;
          const entered = enter(callId, extension);
          const call = calls.get(callId);
          if (call !== undefined) calls.set(callId, { ...call, answeredBy: extension });
          say(delivered(event, entered));
        }),
        bus.subscribe('fact.CallTransferred', ({ data }) => callerReplaced(data)),
        bus.subscribe('fact.AgentLegEnded', ({ data }) => leave(data.callId, agentOfLeg(data))),
        bus.subscribe('fact.CallEnded', ended),
        bus.subscribe('fact.AttemptEnded', ({ data }) => void calls.delete(data.callId)),
        bus.subscribe('fact.AttemptWithdrawn', ({ data }) => void calls.delete(data.callId)),
        bus.subscribe('fact.AgentStatusChanged', ({ data }) => say(line('S', data.extension, data.statusId, directory.get('user-status', data.statusId)?.name))),
        bus.subscribe('fact.PreviewOffered', ({ data }) => say(ofContact('PREVIEW', data))),
        bus.subscribe('fact.AgentCallbackDue', ({ data }) => say(ofContact('AGOP', data))),
      ];
    },
    stop() {
      for (const subscription of subscriptions) subscription.stop();
      subscriptions = [];
    },
  };
}
