/**
 * JSON with two additions: bigint travels as {"$bigint":"…"}, and `undefined` inside objects is left out as JSON does.
 * A plain object with the single key $bigint does not occur in our messages.
 */
export function encodeMessage(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) => (typeof value === 'bigint' ? { $bigint: value.toString() } : value)) ?? 'null';
}

export function decodeMessage(text: string): unknown {
  // The reviver costs several times the parse; only the rare message with a bigint pays for it.
  if (!text.includes('"$bigint"')) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && '$bigint' in value && typeof value.$bigint === 'string') return BigInt(value.$bigint);
    return value;
  });
}
