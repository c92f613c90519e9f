import type { SipHandlers, SipStackOptions } from '../port.ts';
import type { Flow, Sender } from '../transport/flow.ts';
import type { TransactionLayer } from '../transactions/layer.ts';
import type { MutableStats } from '../transactions/stats.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerWheel } from '../transactions/wheel.ts';
import type { SipMessage } from '../wire/message.ts';
import { oneLine } from '../wire/text.ts';
import type { Admission } from './admission.ts';

/** Something that owns our local tag: a call, or an INVITE on its way out or in. */
export interface DialogOwner {
  readonly sipCallId: string;
  /** False when the tags are not of this dialog: the answer is then 481. */
  owns(message: Pick<SipMessage, 'callId' | 'fromTag'>): boolean;
  /** For whoever wants to replace it (RFC 3891 3). `early`: our own INVITE is unanswered; `early-of-peer`: the peer's is. */
  readonly standing: 'early' | 'early-of-peer' | 'confirmed' | 'ended';
  /** A request inside the dialog, ACK excepted. Must answer it, now or later. */
  request(message: SipMessage, flow: Flow, transaction: Answerable): void;
  acknowledged(message: SipMessage): void;
}

/** Lines written in every message of one kind, made once. */
export interface PreparedLines {
  readonly userAgent: string;
  readonly server: string;
  readonly allow: string;
  readonly inviteCapabilities: string;
}

export const ALLOWED_METHODS = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY, PRACK';
export const SUPPORTED = 'timer, replaces, 100rel';
export const SDP_TYPE = 'Content-Type: application/sdp\r\n';

/** What the parts of one native stack share. */
export interface Core {
  readonly options: SipStackOptions;
  readonly handlers: SipHandlers;
  readonly wheel: TimerWheel;
  readonly transactions: TransactionLayer;
  readonly transports: Sender;
  /** By our own tag: it is unguessable and ours alone, so it names a dialog without the other two parts. */
  readonly dialogs: Map<string, DialogOwner>;
  readonly stats: MutableStats;
  readonly lines: PreparedLines;
  readonly admission: Admission;
}

export function prepareLines(userAgent: string): PreparedLines {
  const name = oneLine(userAgent);
  const allow = `Allow: ${ALLOWED_METHODS}\r\nSupported: ${SUPPORTED}\r\n`;
  return { userAgent: `User-Agent: ${name}\r\n`, server: `Server: ${name}\r\n`, allow, inviteCapabilities: `${allow}User-Agent: ${name}\r\n` };
}

/** For 500 to a request that came too early (RFC 3261 14.2, RFC 3311 5.2): at most 10 s, at random. */
export function laterLine(): string {
  return `Retry-After: ${Math.floor(Math.random() * 10)}\r\n`;
}

export function headerLines(headers: Readonly<Record<string, string>> | undefined): string {
  if (headers === undefined) return '';
  let text = '';
  for (const name in headers) text += `${name.replace(/[^A-Za-z0-9\-.!%*_+`'~]/g, '')}: ${oneLine(headers[name] ?? '')}\r\n`;
  return text;
}

/** An application callback that throws must not take the engine down: the error is told, the wire goes on. */
export function guarded(core: Core, action: () => void): void {
  try {
    action();
  } catch (error) {
    trouble(core, error);
  }
}

export function trouble(core: Core, error: unknown): void {
  try {
    core.handlers.trouble?.(error instanceof Error ? error : new Error(String(error)));
  } catch {
    // Whoever listens to trouble has its own; there is nobody left to tell.
  }
}
