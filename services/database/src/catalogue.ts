import type { Database } from '@ritmo/database';
import { commandTables } from './command-tables.ts';

/** The manual's names of the types (1.3). */
const typeWords: Readonly<Record<string, string>> = {
  integer: 'INTEIRO',
  bigint: 'INTEIRO (64 bits)',
  text: 'TEXTO',
  'character varying': 'VARCHAR',
  boolean: 'BOOLEANO',
  'timestamp without time zone': 'DATA',
};

interface Column {
  readonly table: string;
  readonly about: string | null;
  readonly column: string;
  readonly type: string;
  readonly meaning: string | null;
}

/** The page that documents the command tables, from the comments in the live catalogue. */
export async function describeCommandTables(database: Database): Promise<string> {
  const { rows } = await database.query<Column>(
    `SELECT c.relname AS table, obj_description(c.oid, 'pg_class') AS about, a.attname AS column,
            format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS meaning
       FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname = ANY ($1)
      ORDER BY string_to_array(split_part(obj_description(c.oid, 'pg_class'), ' ', 1), '.')::int[], c.relname, a.attnum`,
    [['importar_discador', ...commandTables.map(({ table }) => table)]],
  );
  const tables = new Map<string, Column[]>();
  for (const row of rows) tables.set(row.table, [...(tables.get(row.table) ?? []), row]);
  const sections = [...tables].map(([table, columns]) => {
    const [section = '', ...about] = (columns[0]?.about ?? '').split(' ');
    const lines = columns.map(({ column, type, meaning }) => `| ${column} | ${typeWords[type] ?? type} | ${meaning ?? ''} |`);
    return `## ${table}\n\n${about.join(' ')} Manual, seção ${section}.\n\n| coluna | tipo | significado |\n|---|---|---|\n${lines.join('\n')}\n`;
  });
  const head =
    '# Tabelas de comando\n\nBanco `totalipdb`, usuário `integracao`: INSERT e SELECT. Um INSERT é executado até um segundo depois do COMMIT, uma única vez;\n' +
    'desfeito (ROLLBACK), nunca. Página gerada do catálogo; um teste a compara com ele. As mensagens estão em\n[integracao.md](integracao.md), as views em [views-dos-integradores.md](views-dos-integradores.md). As datas são da hora local da instalação.\n';
  return [head, ...sections].join('\n');
}
