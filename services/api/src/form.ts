/**
 * Query strings and forms, as old integrations send them: UTF-8 or Latin-1, percent-encoded, in a form as bare bytes too (Node
 * refuses a URL with such). Latin-1 is what is left when the bytes are no UTF-8. A name that comes twice keeps its last value.
 */

/** One character of `text` is one byte. */
export function parseForm(text: string): Record<string, string> {
  const form: Record<string, string> = new Form();
  let from = 0;
  while (from < text.length) {
    const ampersand = text.indexOf('&', from);
    const to = ampersand < 0 ? text.length : ampersand;
    if (to > from) {
      const equals = text.indexOf('=', from);
      const named = equals >= 0 && equals < to;
      form[unescape(text.slice(from, named ? equals : to)).trim()] = named ? unescape(text.slice(equals + 1, to)) : '';
    }
    from = to + 1;
  }
  return form;
}

/** The text fields of a multipart/form-data body (RFC 7578), which is what PHP sends when it is handed an array. Files are no parameters. */
export function parseMultipart(body: Buffer, contentType: string): Record<string, string> {
  const form: Record<string, string> = new Form();
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return form;
  for (const part of `\r\n${body.toString('latin1')}`.split(`\r\n--${boundary}`).slice(1, -1)) {
    const headersEnd = part.indexOf('\r\n\r\n');
    const headers = part.slice(0, Math.max(0, headersEnd));
    const name = /content-disposition:[^\r\n]*[; ]name="([^"]*)"/i.exec(headers)?.[1];
    if (name === undefined || /[; ]filename\*?=/i.test(headers)) continue;
    form[textOf(name).trim()] = textOf(part.slice(headersEnd + 4));
  }
  return form;
}

/** The path of a request in percent-encoded UTF-8: an accented function name (1.1.8) may come in Latin-1. */
export function plainPath(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (!path.includes('%')) return url;
  const plain = path.split('/').map((each) => encodeURIComponent(textOf(percentDecoded(each)))).join('/');
  return query < 0 ? plain : plain + url.slice(query);
}

/** Without a prototype, so that no name is there before it is given; from a constructor, because V8 keeps such objects fast. */
const Form = function (this: unknown) {} as unknown as new () => Record<string, string>;
Form.prototype = Object.create(null) as object;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function unescape(text: string): string {
  if (!/[%+]|[^\x20-\x7e]/.test(text)) return text;
  return textOf(percentDecoded(text.replaceAll('+', ' ')));
}

const percentDecoded = (text: string): string => text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** Bytes, one a character, as text. What has characters beyond a byte is text already. */
function textOf(bytes: string): string {
  if (!/[\x80-\uffff]/.test(bytes)) return bytes;
  if (/[\u0100-\uffff]/.test(bytes)) return bytes;
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return bytes;
  }
}
