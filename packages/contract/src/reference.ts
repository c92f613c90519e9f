import { answers, type Section } from './answers.ts';
import { httpFunctions, socketFunctions, tableFunctions } from './catalogue.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function answersOf(section: string): readonly string[] {
  return [...new Set(Object.values((answers as Readonly<Record<string, Readonly<Record<string, string>>>>)[section] ?? {}))];
}

function answerList(section: string): string[] {
  const texts = answersOf(section);
  return texts.length === 0 ? [] : ['', 'Respostas:', '', ...texts.map((text) => `- \`${text}\``)];
}

/** The reference part of docs/integracao.md, out of the catalogue: what is documented is what runs. */
export function referenceMarkdown(): string {
  const lines: string[] = ['## Referência das funções HTTP', ''];
  for (const { name, meaning, parameters, http } of httpFunctions) {
    const aliases = http.aliases === undefined ? '' : ` Também: ${http.aliases.map((alias) => `\`${alias}\``).join(', ')}.`;
    lines.push(`### ${name} (${http.section})`, '', `${meaning[0]?.toUpperCase() ?? ''}${meaning.slice(1)}.${aliases}`, '', '```text');
    for (const syntax of http.syntax) lines.push(`/api/${syntax}`);
    lines.push('```');
    if (parameters.length > 0) {
      lines.push('', '| parâmetro | significado | obrigatório |', '|---|---|---|');
      for (const parameter of parameters) lines.push(`| \`${parameter.name}\` | ${cell(parameter.meaning)} | ${parameter.optional === true ? 'não' : 'sim'} |`);
    }
    if (http.records !== undefined) lines.push('', 'Registros, um por linha:', '', ...http.records.map((record) => `- \`${record}\``));
    if (http.also !== undefined) lines.push('', `Responde também com \`${http.also}\`.`);
    lines.push(...answerList(http.section), '');
  }
  lines.push('## Referência dos comandos de socket', '');
  for (const { meaning, socket } of socketFunctions) {
    const sections: readonly Section[] = typeof socket.section === 'function' ? ['1.2.2.2', '1.2.2.3'] : [socket.section];
    lines.push(`### ${socket.command} (${sections.join(', ')})`, '', `${meaning[0]?.toUpperCase() ?? ''}${meaning.slice(1)}.`, '', '```text', ...socket.syntax, '```');
    lines.push(...(sections.length === 1 ? answerList(sections[0] ?? '') : ['', 'Respostas:', '', ...[...new Set(sections.flatMap(answersOf))].map((text) => `- \`${text}\``)]), '');
  }
  lines.push('## Referência das tabelas de comando', '', '| tabela | seção | o que faz | mensagens |', '|---|---|---|---|');
  for (const { table, meaning } of tableFunctions) {
    const shown = ['1.3.1.9', '1.3.1.14'].includes(table.section) ? 'nenhuma: veja o texto acima' : answersOf(table.section).map((text) => `\`${text}\``).join('<br>');
    lines.push(`| \`${table.name}\` | ${table.section} | ${cell(meaning)} | ${cell(shown)} |`);
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
