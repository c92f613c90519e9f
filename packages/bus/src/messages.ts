/**
 * Subjects and their messages. Commands go down as requests, facts come up as `fact.<type>` with the event itself.
 * A request is served either by one process of the group (`any`) or by the process that owns the thing named (`owner`):
 * every process hears an owner request and all but the owner decline it.
 */
import type { DomainEvent, EventType } from '@ritmo/domain';
import type { AcdRequests } from './messages/acd.ts';
import type { DialerRequests } from './messages/dialer.ts';
import type { DirectoryRequests } from './messages/directory.ts';
import type { MailingRequests } from './messages/mailing.ts';
import type { ProjectorRequests } from './messages/projector.ts';
import type { RecorderRequests } from './messages/recorder.ts';
import type { Signals } from './messages/signals.ts';
import type { TelephonyRequests } from './messages/telephony.ts';

export type * from './messages/answers.ts';
export type * from './messages/acd.ts';
export type * from './messages/dialer.ts';
export type * from './messages/directory.ts';
export type * from './messages/mailing.ts';
export type * from './messages/projector.ts';
export type * from './messages/recorder.ts';
export type * from './messages/signals.ts';
export type * from './messages/telephony.ts';

/** Every request, by the room that serves it. */
export interface Requests extends AcdRequests, DialerRequests, DirectoryRequests, MailingRequests, ProjectorRequests, RecorderRequests, TelephonyRequests {}

export type RequestSubject = keyof Requests;
export type SignalSubject = keyof Signals;
export type FactSubject<T extends EventType = EventType> = `fact.${T}`;
export type PublishedMessage<S extends string> = S extends SignalSubject
  ? Signals[S]
  : S extends `fact.${infer T extends EventType}`
    ? DomainEvent<T>
    : never;
