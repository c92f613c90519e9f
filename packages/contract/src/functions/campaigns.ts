import { asId, type CampaignId } from '@ritmo/domain';
import { done, field, records, refused, wholeNumber, type ContractFunction } from '../function.ts';
import type { CampaignCall } from '../records.ts';

export const manageCampaign: ContractFunction = {
  name: 'gerenciar_campanha',
  meaning: 'ativa uma campanha inativa e desativa uma ativa',
  parameters: [{ name: 'campanha_id', meaning: 'código da campanha' }],
  http: { section: '1.1.7', aliases: ['gerenciar_campanhas'], syntax: ['gerenciar_campanha?campanha_id=<código da campanha>'] },
  table: { section: '1.3.1.14', name: 'gerenciar_campanhas' },
  async run(values, { by }, { bus }) {
    const id = wholeNumber(values.get('campanha_id'));
    if (id === undefined) return refused('campaign-unknown');
    const reply = await bus.request('dialer.campaign.set-active', { campaignId: asId<CampaignId>(id), action: 'toggle', by });
    if (!reply.ok) return refused('campaign-unknown');
    return done(reply.active ? 'campaign-activated' : 'campaign-deactivated');
  },
};

export const listCampaigns: ContractFunction = {
  name: 'campanhas',
  meaning: 'retorna as campanhas cadastradas, ordenadas pelo código',
  parameters: [],
  http: { section: '1.1.10', syntax: ['campanhas'], records: ['<código da campanha>;<nome da campanha>'] },
  run: (_values, _caller, { directory }) => records(directory.all('campaign').map(({ id, name }) => `${id};${field(name)}`)),
};

export const listDispositions: ContractFunction = {
  name: 'status_campanhas',
  meaning: 'retorna todos os status de ligações de campanhas',
  parameters: [],
  http: { section: '1.1.11', syntax: ['status_campanhas'], records: ['<código do status>;<nome do status>'] },
  run: (_values, _caller, { directory }) => records(directory.all('disposition').map(({ id, name }) => `${id};${field(name)}`)),
};

export const campaignCalls: ContractFunction = {
  name: 'ligacoes_campanha',
  meaning: 'retorna o último status de cada número discado pelo sistema do discador',
  parameters: [{ name: 'campanha', meaning: 'código da campanha' }],
  http: {
    section: '1.1.8',
    aliases: ['ligações_campanha'],
    syntax: ['ligacoes_campanha?campanha=<código da campanha>'],
    records: ['<código do usuário>;<parâmetro 1>;<parâmetro 2>;<ddd>;<telefone>;<código do status>;<duração em segundos>'],
  },
  async run(values, _caller, ports) {
    const id = wholeNumber(values.get('campanha'));
    if (id === undefined || ports.directory.get('campaign', id) === undefined) return refused('campaign-unknown');
    const pages = ports.records.campaignCalls(id)[Symbol.asyncIterator]();
    const first = await pages.next();
    return first.done === true ? refused('no-calls') : { kind: 'pages', pages: lineByLine(first.value, pages) };
  },
};

async function* lineByLine(first: readonly CampaignCall[], rest: AsyncIterator<readonly CampaignCall[]>): AsyncGenerator<readonly string[]> {
  yield first.map(lineOf);
  for (let page = await rest.next(); page.done !== true; page = await rest.next()) yield page.value.map(lineOf);
}

const lineOf = (call: CampaignCall): string =>
  [call.agentId ?? '', field(call.parameter1), field(call.parameter2), field(call.areaCode), field(call.number), call.dispositionId ?? '', call.durationS].join(';');
