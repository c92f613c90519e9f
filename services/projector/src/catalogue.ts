import type { Database } from '@ritmo/database';

/** The manual's names of the types (1.3). */
const typeWords: Readonly<Record<string, string>> = {
  integer: 'INTEIRO',
  bigint: 'INTEIRO (64 bits)',
  text: 'TEXTO',
  boolean: 'BOOLEANO',
  'timestamp without time zone': 'DATA',
  'double precision': 'FLOAT',
};

interface Column {
  readonly view: string;
  readonly about: string | null;
  readonly column: string;
  readonly type: string;
  readonly meaning: string | null;
}

/** The page that documents the integrators' views, from the comments in the live catalogue. */
export async function describeViews(database: Database): Promise<string> {
  const { rows } = await database.query<Column>(
    `SELECT c.relname AS view, obj_description(c.oid, 'pg_class') AS about, a.attname AS column,
            format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS meaning
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = 'public' AND c.relkind = 'v'
      ORDER BY string_to_array(split_part(obj_description(c.oid, 'pg_class'), ' ', 1), '.')::int[], c.relname, a.attnum`,
  );
  const views = new Map<string, Column[]>();
  for (const row of rows) views.set(row.view, [...(views.get(row.view) ?? []), row]);
  const sections = [...views].map(([view, columns]) => {
    const [section = '', ...about] = (columns[0]?.about ?? '').split(' ');
    const lines = columns.map(({ column, type, meaning }) => `| ${column} | ${typeWords[type] ?? type} | ${meaning ?? ''} |`);
    return `## ${view}\n\n${about.join(' ')} Manual, seção ${section}.\n\n| coluna | tipo | significado |\n|---|---|---|\n${lines.join('\n')}\n`;
  });
  const head =
    '# Views dos integradores\n\nBanco `totalipdb`, usuário `integracao`: SELECT em todas. Página gerada do catálogo; um teste a compara com ele.\n' +
    'As tabelas em que se insere estão em [tabelas-de-comando.md](tabelas-de-comando.md). As datas são da hora local da instalação.\n';
  return [head, ...sections].join('\n');
}
