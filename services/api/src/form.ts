/**
 * Query strings and forms, as old integrations send them: percent-encoded UTF-8, or percent-encoded Latin-1, which is what
 * is left when the bytes are no UTF-8. A name that comes twice keeps its last value.
 */
export function parseForm(text: string): Record<string, string> {
  const form = Object.create(null) as Record<string, string>;
  if (text === '') return form;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = unescape(equals < 0 ? pair : pair.slice(0, equals)).trim();
    form[name] = equals < 0 ? '' : unescape(pair.slice(equals + 1));
  }
  return form;
}

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
