/** What a call is given. */
import type { Bus } from '@ritmo/bus';
import type { CallId, Extension } from '@ritmo/domain';
import type { MediaEngine } from '@ritmo/media';
import type { Clock, Journal } from '@ritmo/service-kit';
import type { ReferRequest, SipStack } from '@ritmo/sip';
import type { Logger } from 'pino';
import type { Bindings } from '../bindings.ts';
import type { DialogIdsOf } from '../dialog-ids.ts';
import type { TelephonyMetrics } from '../metrics.ts';
import type { CallIdentity } from '../open-call.ts';
import type { OpenCalls } from '../open-calls.ts';
import type { SoundFinder } from '../sounds.ts';

export interface CallWires {
  readonly sip: SipStack;
  readonly media: MediaEngine;
  readonly bus: Bus;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bindings: Bindings;
  readonly openCalls: OpenCalls;
  readonly sounds: SoundFinder;
  readonly metrics: TelephonyMetrics;
  readonly sipDomain: string;
  readonly dialogIds: DialogIdsOf;
  readonly recordingsDir: string;
  /** A side without RTP for this long ends the call; 0: never. */
  mediaTimeoutMs(): number;
  /** The call's channel at the far end is free. */
  channelFree(call: CallIdentity): void;
  /** The call in which the phone of `asker` has this dialog. */
  callOfDialog(replaces: NonNullable<ReferRequest['replaces']>, asker: { readonly extension: Extension }): CallId | undefined;
  /** The call is over: its last fact is recorded. */
  over(callId: CallId): void;
}
