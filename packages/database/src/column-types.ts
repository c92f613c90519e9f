import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const TEXT_ARRAY = 1009;
const DATE = 1082;
const TIMESTAMP = 1114;

/** A position or a count fits a number for centuries; what does not stays exact. */
function parseInt8(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

const asText = (text: string): string => text;

/**
 * Per connection, not global: another user of pg in the process keeps his own. `date` and `timestamp` have no zone, so they
 * stay the text that the server wrote instead of being read as this machine's local time.
 */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary') {
      if (oid === INT8) return parseInt8;
      if (oid === DATE || oid === TIMESTAMP) return asText;
      if (oid === INT8_ARRAY) {
        const parseArray = pg.types.getTypeParser(TEXT_ARRAY as never, 'text') as (text: string) => readonly (string | null)[];
        return (text: string) => parseArray(text).map((item) => (item === null ? null : parseInt8(item)));
      }
    }
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};
