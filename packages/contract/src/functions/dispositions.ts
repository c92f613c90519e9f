import type { Requests } from '@ritmo/bus';
import { asCallId, asExtension, asId, type CampaignId } from '@ritmo/domain';
import { parseMoment } from '../local-time.ts';
import { done, refused, wholeNumber, type ContractFunction, type ContractPorts, type Outcome } from '../function.ts';
import { settingsOf } from '../settings.ts';

type SetReply = Requests['dialer.disposition.set']['reply'];
type SetRequest = Requests['dialer.disposition.set']['request'];

const refusal = (reply: Exclude<SetReply, { ok: true }>): Outcome => {
  switch (reply.code) {
    case 'contact-not-found':
      return refused('contact-unknown');
    case 'unknown-disposition':
      return refused('status-unknown');
    case 'unknown-agent':
      return refused('extension-unknown');
    case 'callbacks-exceeded':
      return refused('callbacks-exceeded');
    case 'not-in-future':
      return refused('not-in-future');
  }
};

/** Empty: no date was given. Undefined: what was given is none. */
function momentOf(text: string, ports: ContractPorts): number | null | undefined {
  return text === '' ? null : parseMoment(text, settingsOf(ports.directory).timeZone);
}

export const setDisposition: ContractFunction = {
  name: 'set_status_telefones_campanhas',
  meaning: 'cria um status para uma ligação da campanha',
  parameters: [
    { name: 'parametro1', meaning: 'parâmetro 1 do cliente, informado na importação' },
    { name: 'numerodotelefone', meaning: 'número de telefone do cliente, com ou sem DDD' },
    { name: 'id_campanha', meaning: 'código da campanha' },
    { name: 'id_status', meaning: 'código do status (função status_campanhas)' },
    { name: 'ramal', meaning: 'ramal do usuário que realizou a alteração' },
    { name: 'data', meaning: 'DDMMAAAAHHMM: com um status que reagenda, a hora da ligação; com 1002, a do aviso ao operador; com outro, a data do histórico (vazia: agora)', optional: true },
    { name: 'uniqueid', meaning: 'código único da ligação que se tabula', optional: true },
  ],
  http: {
    section: '1.1.15',
    syntax: [
      'set_status_telefones_campanhas?parametro1=<primeiro parâmetro do cliente>&numerodotelefone=<número do telefone do cliente>&id_campanha=<código da campanha>&id_status=<código do status>&ramal=<número do ramal do usuário que realizou a alteração>&data=<data de agendamento da ligação>&uniqueid=<uniqueid da ligação>',
    ],
  },
  socket: {
    // 1.2.2.3 is the command without a uniqueid.
    section: (fieldCount) => (fieldCount > 6 ? '1.2.2.2' : '1.2.2.3'),
    command: 'SETSTATUSTELEFONECAMPANHA',
    fields: ['parametro1', 'numerodotelefone', 'id_campanha', 'id_status', 'ramal', 'data', 'uniqueid'],
    syntax: [
      '<SETSTATUSTELEFONECAMPANHA><PARAMETRO1><NUMERODOTELEFONE><ID_CAMPANHA><ID_STATUS><RAMAL><DDMMAAAAHHMM><UNIQUEID>',
      '<SETSTATUSTELEFONECAMPANHA><PARAMETRO1><NUMERODOTELEFONE><ID_CAMPANHA><ID_STATUS><RAMAL><DDMMAAAAHHMM>',
      '<SETSTATUSTELEFONECAMPANHA><PARAMETRO1><NUMERODOTELEFONE><ID_CAMPANHA><ID_STATUS><RAMAL>',
    ],
  },
  table: { section: '1.3.1.17', name: 'set_status_telefones_campanhas' },
  async run(values, { facade, by }, ports) {
    const [parameter1, number, campaign, status, ramal] = ['parametro1', 'numerodotelefone', 'id_campanha', 'id_status', 'ramal'].map((name) =>
      values.get(name),
    ) as [string, string, string, string, string];
    const at = momentOf(values.get('data'), ports);
    if (parameter1 === '' || number === '' || campaign === '' || at === undefined) return refused('parameters-missing');
    if (status === '' || ramal === '') return refused(facade === 'socket' ? 'extension-or-status-missing' : 'parameters-missing');
    const campaignId = wholeNumber(campaign);
    // 0 is every campaign in 1.2.2.7 only.
    if (campaignId === undefined || campaignId === 0) return refused('contact-unknown');
    const uniqueId = values.get('uniqueid');
    const request: SetRequest = {
      campaignId: asId<CampaignId>(campaignId),
      parameter1,
      number,
      dispositionId: wholeNumber(status) ?? -1,
      extension: asExtension(ramal),
      at,
      callId: uniqueId === '' ? null : asCallId(uniqueId),
      by,
    };
    const reply = await ports.bus.request('dialer.disposition.set', request);
    return reply.ok ? done('disposition-saved') : refusal(reply);
  },
};

export const setDispositionByParameter1: ContractFunction = {
  name: 'set_status_telefone_campanha_parametro1',
  meaning: 'salva um status no cliente com o parâmetro 1 informado, no telefone discado por último; campanha 0 busca em todas',
  parameters: [
    { name: 'parametro1', meaning: 'parâmetro 1 do cliente' },
    { name: 'id_campanha', meaning: 'código da campanha; 0 para todas' },
    { name: 'id_status', meaning: 'código do status (função status_campanhas)' },
    { name: 'ramal', meaning: 'ramal que recebe a tabulação' },
    { name: 'data', meaning: 'DDMMAAAAHHMM, como em set_status_telefones_campanhas', optional: true },
  ],
  socket: {
    section: '1.2.2.7',
    command: 'SETSTATUSTELEFONECAMPANHAPARAMETRO1',
    fields: ['parametro1', 'id_campanha', 'id_status', 'ramal', 'data'],
    syntax: ['<SETSTATUSTELEFONECAMPANHAPARAMETRO1><PARAMETRO1><ID_CAMPANHA><ID_STATUS><RAMAL><DDMMAAAAHHMM>'],
  },
  async run(values, { by }, ports) {
    const [parameter1, campaign, status, ramal] = ['parametro1', 'id_campanha', 'id_status', 'ramal'].map((name) => values.get(name)) as [
      string,
      string,
      string,
      string,
    ];
    const at = momentOf(values.get('data'), ports);
    if ([parameter1, campaign, status, ramal].includes('') || at === undefined) return refused('parameters-missing');
    if (ports.extensions.agent(ramal) === undefined) return refused('extension-unknown');
    const dispositionId = wholeNumber(status) ?? -1;
    if (ports.directory.get('disposition', dispositionId) === undefined) return refused('status-unknown');
    const campaignId = wholeNumber(campaign);
    if (campaignId === undefined) return refused('contact-unknown');
    const saved = new Set<number>();
    let refusedBy: Exclude<SetReply, { ok: true }> | undefined;
    // 0 is every campaign; the answer names those where it was saved. Where none is named, nothing was.
    for (const id of campaignId === 0 ? ports.directory.all('campaign').map((each) => each.id) : [campaignId]) {
      const reply = await ports.bus.request('dialer.disposition.set', {
        campaignId: asId<CampaignId>(id),
        parameter1,
        // No number: the phone of the client that was called last.
        number: '',
        dispositionId,
        extension: asExtension(ramal),
        at,
        callId: null,
        by,
      });
      if (reply.ok) saved.add(id);
      else if (reply.code !== 'contact-not-found') refusedBy ??= reply;
    }
    if (saved.size === 0) return refusedBy === undefined ? refused('contact-unknown') : refusal(refusedBy);
    const campaigns = [...saved].map((id) => `"${ports.directory.get('campaign', id)?.name ?? id}"`).join(', ');
    return done('disposition-saved-in', { campaigns });
  },
};
