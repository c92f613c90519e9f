import type { ReferProgress, ReferRequest } from '../port.ts';
import type { Answerable } from '../transactions/server.ts';
import { parseNameAddress } from '../wire/address.ts';
import type { SipMessage } from '../wire/message.ts';
import { params } from '../wire/scan.ts';
import { fromBytes } from '../wire/text.ts';
import { parseUri, unescape } from '../wire/uri.ts';
import { reasonPhrase } from '../wire/write.ts';

/** REFER received (RFC 3515), Replaces inside Refer-To (RFC 3891). `notify` sends one NOTIFY inside the dialog. */
export function referRequest(message: SipMessage, transaction: Answerable, replyHeaders: string, notify: Notify): ReferRequest | undefined {
  const values = message.list('refer-to');
  const target = values.length === 1 ? parseNameAddress(values[0] ?? '') : undefined;
  const uri = target === undefined ? undefined : parseUri(target.uri);
  if (target === undefined || uri === undefined) return undefined;
  const replaces = replacesOf(uri.headers);
  const question = target.uri.indexOf('?');
  let answered = false;
  return {
    targetUri: fromBytes(question === -1 ? target.uri : target.uri.slice(0, question)),
    targetUser: fromBytes(uri.user),
    ...(replaces === undefined ? {} : { replaces }),
    accept: () => {
      if (!answered) transaction.reply(202, { headers: replyHeaders });
      answered = true;
      return progress(message.cseq, notify);
    },
    reject: (code) => {
      if (!answered) transaction.reply(code, { headers: replyHeaders });
      answered = true;
    },
  };
}

export type Notify = (headers: string, body: string) => void;

function replacesOf(headers: string): ReferRequest['replaces'] {
  for (const pair of headers.split('&')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).toLowerCase() !== 'replaces') continue;
    return parseReplaces(unescape(pair.slice(equals + 1)));
  }
  return undefined;
}

export function parseReplaces(value: string): ReferRequest['replaces'] {
  const semicolon = value.indexOf(';');
  if (semicolon === -1) return undefined;
  const found = params(value, semicolon);
  const toTag = found.get('to-tag');
  const fromTag = found.get('from-tag');
  const sipCallId = value.slice(0, semicolon).trim();
  return toTag === undefined || fromTag === undefined || sipCallId === '' ? undefined : { sipCallId, toTag, fromTag };
}

/** The implicit subscription: every NOTIFY carries a sipfrag, the last one ends it (RFC 3515 2.4.4, 2.4.5). */
function progress(cseq: number, notify: Notify): ReferProgress {
  let over = false;
  const tell = (status: number): void => {
    if (over) return;
    over = status >= 200;
    const state = over ? 'terminated;reason=noresource' : 'active;expires=60';
    const headers = `Event: refer;id=${cseq}\r\nSubscription-State: ${state}\r\nContent-Type: message/sipfrag;version=2.0\r\n`;
    notify(headers, `SIP/2.0 ${status} ${reasonPhrase(status)}\r\n`);
  };
  // The first one follows the 202 at once, whatever is known by then (2.4.4).
  tell(100);
  return { succeeded: () => tell(200), failed: (code) => tell(code) };
}

/** Status of the sipfrag in a NOTIFY, 0 when there is none. */
export function sipfragStatus(message: SipMessage): number {
  const match = /^SIP\/2\.0 (\d{3})/.exec(message.body);
  return match === null ? 0 : Number(match[1]);
}
