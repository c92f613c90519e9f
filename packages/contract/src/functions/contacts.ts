import type { AnswerId } from '../answers.ts';
import type { ContactToImport } from '@ritmo/bus';
import { asId, type Campaign, type CampaignId, type PhoneId } from '@ritmo/domain';
import { parseMoment } from '../local-time.ts';
import { digitsOf, done, refused, wholeNumber, type ContractFunction, type ContractPorts, type Outcome, type Values } from '../function.ts';
import { settingsOf } from '../settings.ts';

export const importContact: ContractFunction = {
  name: 'importar_discador',
  meaning: 'importa um cliente com seus telefones em uma campanha',
  parameters: [
    { name: 'id_campanha', meaning: 'código da campanha' },
    { name: 'identificador1', meaning: 'parâmetro 1 do cliente (CPF, código); identificador2 a identificador10 são os demais', optional: true, repeats: 10 },
    { name: 'telefone1', meaning: 'número do primeiro telefone; telefone2 a telefone10 são os demais', repeats: 10 },
    { name: 'ddd1', meaning: 'DDD do telefone 1, sem o zero; sem ele vale o do próprio número, ou o DDD padrão da campanha', optional: true, repeats: 10 },
    { name: 'telefone_1_discar_em', meaning: 'data de discagem do telefone 1, DDMMAAAAHHMM', optional: true, repeats: 10 },
    { name: 'telefone_1_discar_agora', meaning: 'true disca o telefone 1 antes de todos os outros', optional: true, repeats: 10 },
  ],
  http: {
    section: '1.1.21',
    syntax: [
      'importar_discador?id_campanha=<id desejado>&identificador1=<parâmetro desejado>&identificador2=<parâmetro desejado>&telefone1=<número desejado>&telefone2=<número desejado>&ddd1=<número desejado>&ddd2=<número desejado>&telefone_1_discar_em=<DDMMAAAAHHMM>&telefone_2_discar_em=<DDMMAAAAHHMM>',
      'importar_discador?chave_seguranca=<número da chave>&id_campanha=<id desejado>&...',
    ],
  },
  async run(values, { by }, ports) {
    const campaign = values.get('id_campanha');
    if (campaign === '') return refused('campaign-missing');
    const entry = ports.directory.get('campaign', wholeNumber(campaign) ?? -1);
    if (entry === undefined) return refused('campaign-unknown');
    const contact = contactOf(values, settingsOf(ports.directory).timeZone);
    if (contact === undefined) return refused('parameters-missing');
    if (contact.phones.length === 0) return refused('numbers-imported', { count: '0' });
    const reply = await ports.bus.request('dialer.contacts.import', {
      campaignId: asId<CampaignId>(entry.id),
      contacts: [contact],
      source: 'api/importar_discador',
      by,
    });
    if (!reply.ok) return refused('campaign-unknown');
    // What has no digit at all is left out of the contact.
    const count = contact.phones.filter(({ number }) => /\d/.test(number)).length;
    return reply.imported === 0 ? refused('numbers-imported', { count: '0' }) : done('numbers-imported', { count: String(count) });
  },
};

/** A contact out of `identificadorN`, `dddN`, `telefoneN`. Undefined when a date is none. */
export function contactOf(values: Values, timeZone: string): ContactToImport | undefined {
  const parameters: string[] = [];
  for (let index = 1; index <= 10; index += 1) parameters.push(values.get(`identificador${index}`));
  while (parameters.at(-1) === '') parameters.pop();
  const phones: { areaCode: string; number: string; priority: number; dialNow: boolean; dialAt: number | null }[] = [];
  for (let index = 1; index <= 10; index += 1) {
    const written = values.get(`telefone${index}`);
    if (written === '') continue;
    const when = values.get(`telefone_${index}_discar_em`);
    const dialAt = when === '' ? null : parseMoment(when, timeZone);
    if (dialAt === undefined) return undefined;
    phones.push({
      ...writtenNumber(values.get(`ddd${index}`), written),
      priority: index,
      dialNow: /^(t|true|1|s|sim)$/i.test(values.get(`telefone_${index}_discar_agora`)),
      dialAt,
    });
  }
  return { parameters, phones };
}

/** Whose area code a number has, its own (also behind a 0 or 55) or the campaign's (1.1.21), is the dialer's to say. */
const writtenNumber = (areaCode: string, written: string): { areaCode: string; number: string } => ({
  areaCode: areaCode.replace(/^0+/, ''),
  number: digitsOf(written) ?? written,
});

/** Refusals of the dialer in the manual's words; a new code without a word does not compile. */
const contactRefusals = {
  'unknown-campaign': 'campaign-unknown',
  'contact-not-found': 'contact-unknown',
  'several-contacts': 'several-contacts',
  'unknown-parameter': 'parameter-unknown',
} as const satisfies Record<string, AnswerId>;
const phoneRefusals = {
  ...contactRefusals,
  'priority-taken': 'priority-taken',
  'priority-over-limit': 'priority-over-limit',
  'phones-exceeded': 'phones-exceeded',
  'invalid-number': 'number-invalid',
} as const satisfies Record<string, AnswerId>;

export const insertPhone: ContractFunction = {
  name: 'inserir_telefone_campanha',
  meaning: 'insere um telefone para um cliente de uma campanha',
  parameters: [
    { name: 'id_campanha', meaning: 'código da campanha' },
    { name: 'parametro', meaning: 'número do parâmetro que identifica o cliente' },
    { name: 'valor_parametro', meaning: 'valor do parâmetro' },
    { name: 'prioridade', meaning: 'posição do telefone, 1 a 10' },
    { name: 'codigo_area', meaning: 'DDD', optional: true },
    { name: 'telefone', meaning: 'número de telefone' },
  ],
  http: {
    section: '1.1.16',
    syntax: [
      'inserir_telefone_campanha?id_campanha=<código da campanha>&parametro=<numero do parâmetro>&valor_parametro=<valor do parâmetro>&prioridade=<numero da prioridade>&codigo_area=<código de área>&telefone=<número de telefone>',
    ],
  },
  socket: {
    section: '1.2.2.6',
    command: 'INSERIRTELEFONECAMPANHA',
    fields: ['id_campanha', 'parametro', 'valor_parametro', 'prioridade', 'codigo_area', 'telefone'],
    syntax: ['<INSERIRTELEFONECAMPANHA><CAMPANHA_ID><PARAMETRO><VALOR_DO_PARAMETRO><PRIORIDADE><DDD><TELEFONE>'],
  },
  table: { section: '1.3.1.15.1', name: 'inserir_telefone_campanha' },
  async run(values, { by }, ports) {
    const found = findParameter(values, ports, withNothingElse(values) ? 'contact-unknown' : 'parameter-missing');
    if (found.kind === 'refused') return found.outcome;
    const { campaign, index, value } = found;
    const priority = values.get('prioridade');
    const number = values.get('telefone');
    if (priority === '') return refused('priority-missing');
    const wanted = wholeNumber(priority);
    if (wanted === undefined || wanted < 1 || wanted > campaign.maxPhones) return refused('priority-over-limit');
    if (number === '') return refused('number-missing');
    const reply = await ports.bus.request('dialer.phone.add', {
      campaignId: asId<CampaignId>(campaign.id),
      parameterIndex: index,
      parameterValue: value,
      priority: wanted,
      ...writtenNumber(values.get('codigo_area'), number),
      by,
    });
    return reply.ok ? done('phone-inserted') : refused(phoneRefusals[reply.code]);
  },
};

type FoundParameter =
  | { readonly kind: 'refused'; readonly outcome: Outcome }
  | { readonly kind: 'found'; readonly campaign: Campaign; readonly index: number; readonly value: string };

/** The second example of 1.1.16: with nothing but the campaign, the answer is that no contact was found. */
const withNothingElse = (values: Values): boolean =>
  ['parametro', 'valor_parametro', 'prioridade', 'codigo_area', 'telefone'].every((name) => values.get(name) === '');

/** A campaign has the two parameters of the manual's lists at least, declared or not. */
const hasParameter = (campaign: Campaign, index: number | undefined): index is number =>
  index !== undefined && index >= 1 && index <= Math.max(campaign.parameters.length, 2);

/** Campaign, number and value of the parameter that names a contact, checked in the manual's words. */
function findParameter(values: Values, { directory }: ContractPorts, whenMissing: AnswerId = 'parameter-missing'): FoundParameter {
  const no = (outcome: Outcome): FoundParameter => ({ kind: 'refused', outcome });
  const id = values.get('id_campanha');
  if (id === '') return no(refused('campaign-missing'));
  const campaign = directory.get('campaign', wholeNumber(id) ?? -1);
  if (campaign === undefined) return no(refused('campaign-unknown'));
  const parameter = values.get('parametro');
  const value = values.get('valor_parametro');
  if (parameter === '') return no(refused(whenMissing));
  const index = wholeNumber(parameter);
  if (!hasParameter(campaign, index)) return no(refused('parameter-unknown'));
  if (value === '') return no(refused('value-missing'));
  return { kind: 'found', campaign, index, value };
}

export const changeContact: ContractFunction = {
  name: 'alterar_cliente',
  meaning: 'altera o valor de um parâmetro de um cliente da campanha',
  parameters: [
    { name: 'id_campanha', meaning: 'código da campanha' },
    { name: 'parametro', meaning: 'número do parâmetro utilizado como busca' },
    { name: 'valor_parametro', meaning: 'valor do parâmetro de busca' },
    { name: 'novo_parametro', meaning: 'número do parâmetro a ser alterado' },
    { name: 'valor_novo_parametro', meaning: 'valor do parâmetro a ser alterado' },
  ],
  http: {
    section: '1.1.27',
    syntax: [
      'alterar_cliente?id_campanha=<ID da campanha>&parametro=<Número do parâmetro utilizado como busca>&valor_parametro=<Valor do parâmetro de busca>&novo_parametro=<Parâmetro a ser alterado>&valor_novo_parametro=<Valor do parâmetro a ser alterado>&chave=<chave de segurança>',
    ],
  },
  socket: {
    section: '1.2.2.14',
    command: 'ALTERARCLIENTE',
    fields: ['id_campanha', 'parametro', 'valor_parametro', 'novo_parametro', 'valor_novo_parametro'],
    syntax: ['<ALTERARCLIENTE><IDCAMPANHA><PARAMETRO><VALORPARAMETRO><NOVOPARAMETRO><VALORNOVOPARAMETRO>'],
  },
  table: { section: '1.3.1.29', name: 'alterar_cliente' },
  async run(values, { by }, ports) {
    const found = findParameter(values, ports);
    if (found.kind === 'refused') return found.outcome;
    const { campaign, index, value } = found;
    const newParameter = values.get('novo_parametro');
    const newValue = values.get('valor_novo_parametro');
    if (newParameter === '') return refused('new-parameter-missing');
    const newIndex = wholeNumber(newParameter);
    if (!hasParameter(campaign, newIndex)) return refused('new-parameter-unknown');
    if (newValue === '') return refused('new-value-missing');
    const reply = await ports.bus.request('dialer.contact.change', {
      campaignId: asId<CampaignId>(campaign.id),
      parameterIndex: index,
      value,
      newParameterIndex: newIndex,
      newValue,
      by,
    });
    return reply.ok ? done('contact-changed') : refused(contactRefusals[reply.code]);
  },
};

/** A campaign of a million contacts takes minutes. */
const longestExclusionMs = 600_000;

export const excludePhone: ContractFunction = {
  name: 'excluir_telefone_campanha',
  meaning: 'exclui um telefone ou todos os telefones de uma campanha',
  parameters: [
    { name: 'id_telefone', meaning: 'código do telefone (telefones_campanhas.id)', optional: true },
    { name: 'id_campanha', meaning: 'ou o código da campanha', optional: true },
  ],
  http: {
    section: '1.1.22',
    syntax: ['excluir_telefone_campanha?id_telefone=<código do telefone>', 'excluir_telefone_campanha?id_campanha=<código da campanha>'],
  },
  table: { section: '1.3.1.9', name: 'excluir_telefone_campanha' },
  async run(values, { facade, by }, ports) {
    const phone = values.get('id_telefone');
    const campaign = values.get('id_campanha');
    const ofCampaign = phone === '' && campaign !== '';
    const id = wholeNumber(ofCampaign ? campaign : phone);
    if (id === undefined) return refused(ofCampaign ? 'campaign-unknown' : 'phone-unknown');
    const reply = await ports.bus.request(
      'dialer.phone.exclude',
      ofCampaign ? { phoneId: null, campaignId: asId<CampaignId>(id), by } : { phoneId: asId<PhoneId>(id), campaignId: null, by },
      { timeoutMs: ofCampaign ? longestExclusionMs : 30_000 },
    );
    if (!reply.ok) {
      switch (reply.code) {
        case 'unknown-campaign':
          return refused('campaign-unknown');
        case 'not-found':
          return refused(ofCampaign ? 'campaign-unknown' : 'phone-unknown');
        case 'intermediate':
          return refused('phone-unknown');
      }
    }
    // 1.1.22: the exclusion shows in the table of 1.3.1.9 whichever way it came.
    if (facade !== 'sql') await ports.records.noteExclusion(ofCampaign ? { phoneId: null, campaignId: id } : { phoneId: id, campaignId: null });
    return done(ofCampaign ? 'campaign-emptied' : 'phone-excluded');
  },
};
