import { answers, type Section } from './answers.ts';
import { catalogue, httpFunctions, socketFunctions, tableFunctions, type HttpFunction, type SocketFunction } from './catalogue.ts';
import type { Parameter } from './function.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** What is filled into an answer, as the manual writes it. */
const filledIn = { extension: 'ramal', name: 'nome', reason: 'motivo', count: 'quantidade', campaigns: 'campanhas' } as const;

/** An answer with a name of ours where something is filled in would be read as its literal text. */
function shown(text: string): string {
  return `\`${text.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (!Object.hasOwn(filledIn, name)) throw new Error(`what is filled in for ${name} has no Portuguese name`);
    return `<${filledIn[name as keyof typeof filledIn]}>`;
  })}\``;
}

function answersOf(section: string): readonly string[] {
  return [...new Set(Object.values((answers as Readonly<Record<string, Readonly<Record<string, string>>>>)[section] ?? {}))];
}

function answerList(sections: readonly string[]): string[] {
  const texts = [...new Set(sections.flatMap(answersOf))];
  return texts.length === 0 ? [] : ['', 'Respostas:', '', ...texts.map((text) => `- ${shown(text)}`)];
}

const sectionsOf = ({ socket }: SocketFunction): readonly Section[] => (typeof socket.section === 'function' ? ['1.2.2.2', '1.2.2.3'] : [socket.section]);
const httpHeading = ({ name, http }: HttpFunction): string => `${name} (${http.section})`;
const socketHeading = (row: SocketFunction): string => `${row.socket.command} (${sectionsOf(row).join(', ')})`;

/** A heading's anchor, as GitHub makes it. */
export const anchorOf = (heading: string): string => heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
const link = (name: string, heading: string): string => `[\`${name}\`](#${anchorOf(heading)})`;

/** Which doors lead to a function. */
function overview(): string[] {
  const lines = ['## Índice das funções', '', 'A mesma função por cada porta; uma porta que o manual não prevê fica vazia.', '', '| o que faz | HTTP | socket | tabela |', '|---|---|---|---|'];
  for (const row of catalogue) {
    const http = httpFunctions.find(({ name }) => name === row.name);
    const socket = socketFunctions.find(({ name }) => name === row.name);
    // The rows of importar_discador are imported in batches, not one by one through the function.
    const tableName = row.table?.name ?? (row.name === 'importar_discador' ? row.name : undefined);
    const table = tableName === undefined ? '' : `[\`${tableName}\`](tabelas-de-comando.md#${tableName})`;
    lines.push(`| ${cell(row.meaning)} | ${http === undefined ? '' : link(http.name, httpHeading(http))} | ${socket === undefined ? '' : link(socket.socket.command, socketHeading(socket))} | ${table} |`);
  }
  return [...lines, ''];
}

function parameterTable(parameters: readonly Parameter[], first: string): string[] {
  if (parameters.length === 0) return [];
  return ['', `| ${first} | significado | obrigatório |`, '|---|---|---|', ...parameters.map(({ name, meaning, optional }) => `| \`${name}\` | ${cell(meaning)} | ${optional === true ? 'não' : 'sim'} |`)];
}

function httpPart(row: HttpFunction): string[] {
  const { meaning, parameters, http } = row;
  const aliases = http.aliases === undefined ? '' : ` Também: ${http.aliases.map((alias) => `\`${alias}\``).join(', ')}.`;
  const lines = [`### ${httpHeading(row)}`, '', `${meaning[0]?.toUpperCase() ?? ''}${meaning.slice(1)}.${aliases}`, '', '```text', ...http.syntax.map((syntax) => `/api/${syntax}`), '```'];
  lines.push(...parameterTable(parameters, 'parâmetro'));
  if (http.records !== undefined) lines.push('', 'Registros, um por linha:', '', ...http.records.map((record) => `- \`${record}\``));
  if (http.also !== undefined) lines.push('', `Responde também com \`${http.also}\`.`);
  return [...lines, ...answerList([http.section]), ''];
}

function socketPart(row: SocketFunction): string[] {
  const { meaning, parameters, socket } = row;
  const lines = [`### ${socketHeading(row)}`, '', `${meaning[0]?.toUpperCase() ?? ''}${meaning.slice(1)}.`, '', '```text', ...socket.syntax, '```'];
  const fields = socket.fields.map((field) => parameters.find(({ name }) => name === field)).filter((field) => field !== undefined);
  return [...lines, ...parameterTable(fields, 'campo, na ordem'), ...answerList(sectionsOf(row)), ''];
}

/** The reference part of docs/integracao.md, out of the catalogue: what is documented is what runs. */
export function referenceMarkdown(): string {
  const { 'key-invalid': key, 'address-refused': address, unavailable } = answers['1.1'];
  const lines = overview();
  lines.push('## Referência das funções HTTP', '', `Além das suas, toda função pode responder ${shown(key)} (HTTP 200), ${shown(address)} (403) e ${shown(unavailable)} (503).`, '');
  lines.push(...httpFunctions.flatMap(httpPart));
  const everyCommand = answersOf('1.2.2').map(shown);
  lines.push('## Referência dos comandos de socket', '', `Além das suas, todo comando pode responder ${everyCommand.slice(0, -1).join(', ')} e ${everyCommand.at(-1)}.`, '');
  lines.push('Um campo que não é obrigatório pode ficar vazio (`<>`) ou, no fim do comando, faltar.', '');
  lines.push(...socketFunctions.flatMap(socketPart));
  lines.push('## Referência das tabelas de comando', '', 'As colunas de cada uma estão em [tabelas-de-comando.md](tabelas-de-comando.md).', '', '| tabela | seção | o que faz | mensagens |', '|---|---|---|---|');
  lines.push(`| [\`importar_discador\`](tabelas-de-comando.md#importar_discador) | 1.3.1.6 | importa clientes com seus telefones em uma campanha | ${answersOf('1.3.1.6').map(shown).join('<br>')} |`);
  for (const { table, meaning } of tableFunctions) {
    const messages = ['1.3.1.9', '1.3.1.14'].includes(table.section) ? 'nenhuma: veja o texto acima' : answersOf(table.section).map(shown).join('<br>');
    lines.push(`| [\`${table.name}\`](tabelas-de-comando.md#${table.name}) | ${table.section} | ${cell(meaning)} | ${cell(messages)} |`);
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

export const referenceBegins = '<!-- referência gerada: npm run docs:contract -->';
export const referenceEnds = '<!-- fim da referência gerada -->';

/** Puts the reference into its place in the guide. */
export function withReference(guide: string): string {
  const from = guide.indexOf(referenceBegins);
  const to = guide.indexOf(referenceEnds);
  if (from < 0 || to < from) throw new Error('the guide has no place for the reference');
  return `${guide.slice(0, from)}${referenceBegins}\n\n${referenceMarkdown()}\n${guide.slice(to)}`;
}
