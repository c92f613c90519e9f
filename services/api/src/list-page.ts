import { httpFunctions } from '@ritmo/contract';

/** `GET /api`: every function with its syntax (1.1). */
export function listPage(): string {
  const lines = ['LISTA DE FUNCOES DA API', ''];
  for (const { name, meaning, http, parameters } of httpFunctions) {
    lines.push(`${name} (${http.section}): ${meaning}${http.aliases === undefined ? '' : ` (também ${http.aliases.join(', ')})`}`);
    for (const syntax of http.syntax) lines.push(`  api/${syntax}`);
    for (const parameter of parameters) lines.push(`    ${parameter.name}: ${parameter.meaning}${parameter.optional === true ? ' (opcional)' : ''}`);
    lines.push('');
  }
  lines.push('Quando há uma chave configurada, toda função a recebe em chave (ou chave_seguranca).');
  return lines.join('\n');
}
