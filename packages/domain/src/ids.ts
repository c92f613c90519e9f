/** Ids that could be swapped are branded. Values are plain numbers and strings on the wire and in events. */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** `1272916393.14005`: Unix seconds, a dot, a sequence. The manual's uniqueid. Also the id of an attempt: one attempt, one INVITE. */
export type CallId = Brand<string, 'CallId'>;
/** One agent's leg of a call: `<callId>/<n>`. */
export type LegId = Brand<string, 'LegId'>;
export type CampaignId = Brand<number, 'CampaignId'>;
export type ContactId = Brand<number, 'ContactId'>;
export type PhoneId = Brand<number, 'PhoneId'>;
export type AgentId = Brand<number, 'AgentId'>;
export type QueueId = Brand<number, 'QueueId'>;
export type TrunkId = Brand<number, 'TrunkId'>;
export type RouteId = Brand<number, 'RouteId'>;
export type DispositionId = Brand<number, 'DispositionId'>;
export type UserStatusId = Brand<number, 'UserStatusId'>;
export type BlockListId = Brand<number, 'BlockListId'>;
export type CallWindowId = Brand<number, 'CallWindowId'>;
/** An agent's SIP user: the manual's ramal. */
export type Extension = Brand<string, 'Extension'>;

export const asCallId = (text: string): CallId => text as CallId;
export const asLegId = (text: string): LegId => text as LegId;
export const asExtension = (text: string): Extension => text as Extension;
/** For values that come from a database or the wire already checked: `asId<CampaignId>(7)`. */
export const asId = <T extends Brand<number, string>>(value: number): T => value as T;

/** What calls between extensions go over. */
export const noTrunk = 0 as TrunkId;

/** Seconds and sequence make the id; the caller proves the sequence unique (a database sequence handed out in blocks). */
export function makeCallId(atMs: number, sequence: number): CallId {
  return asCallId(`${Math.floor(atMs / 1000)}.${sequence}`);
}
