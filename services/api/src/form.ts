/**
 * Query strings and forms, as old integrations send them: percent-encoded UTF-8, or percent-encoded Latin-1, which is what
 * is left when the bytes are no UTF-8. A name that comes twice keeps its last value.
 */
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

/** Without a prototype, so that no name is there before it is given; from a constructor, because V8 keeps such objects fast. */
const Form = function (this: unknown) {} as unknown as new () => Record<string, string>;
Form.prototype = Object.create(null) as object;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function unescape(text: string): string {
  if (!/[%+]|[^\x20-\x7e]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  // Bytes as they are: what came unescaped is already text and goes back to its bytes.
  const bytes = Buffer.from(spaced, 'utf8').toString('latin1');
  const raw = Buffer.from(
    bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
  try {
    return utf8.decode(raw);
  } catch {
    return raw.toString('latin1');
  }
}
