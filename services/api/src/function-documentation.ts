import { answers, type HttpFunction, type Parameter } from '@ritmo/contract';

/** For the OpenAPI document only: what is missing or wrong is answered in the manual's words, not by a validator or a serialiser. */
export const takesAnything = { validatorCompiler: () => () => true, serializerCompiler: () => (answer: unknown) => String(answer) };

/** The key goes by two names (1.1.20, 1.1.21). */
function parametersOf({ parameters, http }: HttpFunction): readonly Parameter[] {
  const always = http.keyAlways === true;
  const key: Parameter = { name: 'chave', meaning: `chave de segurança${always ? '' : ', quando há uma configurada'}`, ...(always ? {} : { optional: true }) };
  return [...parameters.flatMap(numbered).filter(({ name }) => name !== 'chave'), key, { name: 'chave_seguranca', meaning: 'o mesmo que chave', optional: true }];
}

/** `telefone1` stands for telefone1 to telefone10 (1.1.21). */
function numbered(parameter: Parameter): readonly Parameter[] {
  const { repeats } = parameter;
  if (repeats === undefined) return [parameter];
  return Array.from({ length: repeats }, (_, index) => ({
    name: parameter.name.replace('1', String(index + 1)),
    meaning: index === 0 ? parameter.meaning : `como ${parameter.name}`,
    ...(index === 0 && parameter.optional !== true ? {} : { optional: true as const }),
  }));
}

function common(row: HttpFunction): object {
  return {
    tags: ['api'],
    summary: row.meaning,
    description: `Manual, ${row.http.section}. ${row.http.syntax.map((syntax) => `\`api/${syntax}\``).join(' ')}`,
    security: [],
    response: responsesOf(row),
  };
}

function formOf(row: HttpFunction): object {
  const parameters = parametersOf(row);
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, meaning }) => [name, { type: 'string', description: meaning }])),
    required: parameters.filter(({ optional }) => optional !== true).map(({ name }) => name),
  };
}

/** Query string. */
export const documentationOfGet = (row: HttpFunction): object => ({ ...common(row), querystring: formOf(row) });

/** The same as a form. */
export const documentationOfPost = (row: HttpFunction): object => ({
  ...common(row),
  consumes: ['application/x-www-form-urlencoded'],
  body: formOf(row),
});

function responsesOf({ http }: HttpFunction): object {
  const texts = Object.values((answers as Readonly<Record<string, Readonly<Record<string, string>>>>)[http.section] ?? {});
  const said = [...(http.records ?? []), ...new Set([...texts, answers['1.1']['key-invalid']])];
  const text = { schema: { type: 'string' } };
  const content = { 'text/plain': text, ...(http.also === undefined ? {} : { [http.also]: http.also === 'text/html' ? text : { schema: { type: 'string', format: 'binary' } } }) };
  return {
    200: { description: said.map((line) => `- \`${line}\``).join('\n'), content },
    403: { description: answers['1.1']['address-refused'], content: { 'text/plain': text } },
    503: { description: answers['1.1'].unavailable, content: { 'text/plain': text } },
  };
}
