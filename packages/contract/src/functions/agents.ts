import { asExtension, type Actor, type PhoneStatus } from '@ritmo/domain';
import { phoneStatusName, phoneStatuses } from '../phone-status.ts';
import { done, field, records, refused, showSeconds, wholeNumber, type ContractFunction, type ContractPorts, type Outcome, type Values } from '../function.ts';

const extension = { name: 'ramal', meaning: 'ramal do usuário' } as const;

export const login: ContractFunction = {
  name: 'login',
  meaning: 'efetua o login do usuário cujo ramal está registrado em um softphone',
  parameters: [extension],
  http: { section: '1.1.1', syntax: ['login?ramal=<ramal desejado>'] },
  socket: { section: '1.2.2.8', command: 'LOGIN', fields: ['ramal'], syntax: ['<LOGIN><RAMAL>'] },
  run: (values, { by }, ports) => logIn(values.get('ramal'), null, false, by, ports),
};

export const loginHardphone: ContractFunction = {
  name: 'login_hardphone',
  meaning: 'efetua o login de um hardphone, ou de um usuário em um ramal compartilhado',
  parameters: [extension, { name: 'hardphone', meaning: 'ramal compartilhado (começa com 5)', optional: true }],
  http: {
    section: '1.1.3',
    syntax: ['login_hardphone?ramal=<ramal desejado>', 'login_hardphone?ramal=<ramal desejado>&hardphone=<ramal compartilhado>'],
  },
  socket: {
    section: '1.2.2.10',
    command: 'LOGINHARDPHONE',
    fields: ['ramal', 'hardphone'],
    syntax: ['<LOGINHARDPHONE><RAMAL>', '<LOGINHARDPHONE><RAMAL><RAMAL COMPARTILHADO>'],
  },
  run: (values, { by }, ports) => logIn(values.get('ramal'), values.get('hardphone') || null, true, by, ports),
};

async function logIn(ramal: string, shared: string | null, hardphone: boolean, by: Actor, ports: ContractPorts): Promise<Outcome> {
  if (ramal === '') return refused('extension-missing');
  if (ports.extensions.agent(ramal)?.blocked === true) return refused('extension-blocked');
  const reply = await ports.bus.request('acd.agent.login', {
    extension: asExtension(ramal),
    sharedExtension: shared === null ? null : asExtension(shared),
    hardphone,
    by,
  });
  if (reply.ok) return done('logged-in');
  switch (reply.code) {
    case 'unknown-agent':
      return refused('extension-unknown');
    case 'hardphone':
      // 1.1.3 knows one refusal: a softphone is not one of its extensions.
      return refused(hardphone ? 'extension-unknown' : 'hardphone');
    case 'not-registered':
      return refused(hardphone ? 'extension-unknown' : 'not-connected');
    case 'blocked':
      return refused('extension-blocked');
    case 'licence':
      return refused('licence-exceeded');
    case 'unknown-shared-extension':
      return refused('shared-extension-unknown');
  }
}

export const logout: ContractFunction = {
  name: 'logout',
  meaning: 'efetua o logout do usuário',
  parameters: [extension],
  http: { section: '1.1.2', syntax: ['logout?ramal=<ramal desejado>'] },
  socket: { section: '1.2.2.9', command: 'LOGOUT', fields: ['ramal'], syntax: ['<LOGOUT><RAMAL>'] },
  run: (values, { by }, ports) => logOut(values.get('ramal'), false, by, ports),
};

export const logoutHardphone: ContractFunction = {
  name: 'logout_hardphone',
  meaning: 'efetua o logout de um hardphone',
  parameters: [extension],
  http: { section: '1.1.4', syntax: ['logout_hardphone?ramal=<ramal desejado>'] },
  socket: { section: '1.2.2.11', command: 'LOGOUTHARDPHONE', fields: ['ramal'], syntax: ['<LOGOUTHARDPHONE><RAMAL>'] },
  run: (values, { by }, ports) => logOut(values.get('ramal'), true, by, ports),
};

async function logOut(ramal: string, hardphone: boolean, by: Actor, ports: ContractPorts): Promise<Outcome> {
  if (ramal === '') return refused('extension-missing');
  const reply = await ports.bus.request('acd.agent.logout', { extension: asExtension(ramal), hardphone, by });
  if (reply.ok) return done('logged-out');
  switch (reply.code) {
    case 'unknown-agent':
      return refused('extension-unknown');
    case 'hardphone':
      return refused(hardphone ? 'extension-unknown' : 'hardphone');
  }
}

export const setStatus: ContractFunction = {
  name: 'set_status',
  meaning: 'altera o status de um usuário que não utiliza hardphone',
  parameters: [extension, { name: 'status_id', meaning: 'código do status (função status)' }],
  http: { section: '1.1.6', syntax: ['set_status?ramal=<ramal desejado>&status_id=<id do status desejado>'] },
  socket: { section: '1.2.2.1', command: 'SETSTATUS', fields: ['ramal', 'status_id'], syntax: ['<SETSTATUS><RAMAL><ID_STATUS>'] },
  table: { section: '1.3.1.18', name: 'set_status_ramal' },
  async run(values, { by }, { bus }) {
    const ramal = values.get('ramal');
    const status = values.get('status_id');
    if (ramal === '' || status === '') return refused('extension-or-status-missing');
    // A status that is not a number is asked for as one that does not exist, so that an unknown extension is told first.
    const reply = await bus.request('acd.agent.set-status', { extension: asExtension(ramal), statusId: wholeNumber(status) ?? -1, by });
    if (reply.ok) return done('status-changed');
    switch (reply.code) {
      case 'unknown-agent':
        return refused('extension-unknown');
      case 'unknown-status':
        return refused('status-unknown');
      case 'blocked':
        // 1.1.6 knows no such answer: a blocked extension is none that can have a status.
        return refused('extension-unknown');
      case 'hardphone':
        return refused('hardphone');
      case 'licence':
        return refused('licence-exceeded');
    }
  },
};

export const setPause: ContractFunction = {
  name: 'set_pause',
  meaning: 'efetua a pausa do usuário',
  parameters: [extension],
  http: { section: '1.1.25', syntax: ['set_pause?ramal=<ramal desejado>'] },
  socket: { section: '1.2.2.12', command: 'SETPAUSE', fields: ['ramal'], syntax: ['<SETPAUSE><RAMAL>'] },
  run: (values, { by }, ports) => changePause('acd.agent.pause', values, by, ports),
};

export const setUnpause: ContractFunction = {
  name: 'set_unpause',
  meaning: 'retira a pausa do usuário',
  parameters: [extension],
  http: { section: '1.1.26', syntax: ['set_unpause?ramal=<ramal desejado>'] },
  socket: { section: '1.2.2.13', command: 'SETUNPAUSE', fields: ['ramal'], syntax: ['<SETUNPAUSE><RAMAL>'] },
  run: (values, { by }, ports) => changePause('acd.agent.unpause', values, by, ports),
};

async function changePause(subject: 'acd.agent.pause' | 'acd.agent.unpause', values: Values, by: Actor, { bus }: ContractPorts): Promise<Outcome> {
  const ramal = values.get('ramal');
  if (ramal === '') return refused('extension-missing');
  const reply = await bus.request(subject, { extension: asExtension(ramal), by });
  if (reply.ok) return done('pause-changed');
  switch (reply.code) {
    case 'unknown-agent':
      return refused('extension-unknown');
    case 'already':
      // Who is paused and is paused again is paused: the manual knows no other answer.
      return done('pause-changed');
    case 'licence':
      return refused('licence-exceeded');
  }
}

export const listStatuses: ContractFunction = {
  name: 'status',
  meaning: 'retorna todos os status de usuários cadastrados',
  parameters: [],
  http: { section: '1.1.5', syntax: ['status'], records: ['<código do status>;<nome do status>'] },
  run: (_values, _caller, { directory }) => records(directory.all('user-status').map(({ id, name }) => `${id};${field(name)}`)),
};

export const listUsers: ContractFunction = {
  name: 'usuarios',
  meaning: 'retorna todos os ramais cadastrados, ordenados pelo código do usuário',
  parameters: [],
  http: { section: '1.1.9', aliases: ['usuários'], syntax: ['usuarios'], records: ['<código do usuário>;<nome do usuário>;<ramal do usuário>'] },
  run: (_values, _caller, { directory }) =>
    records(directory.all('agent').map(({ id, name, extension: ramal }) => `${id};${field(name)};${ramal}`)),
};

export const listPhoneStatuses: ContractFunction = {
  name: 'status_telefone',
  meaning: 'retorna todos os status de telefone',
  parameters: [],
  http: { section: '1.1.24', syntax: ['status_telefone'], records: ['<código do status>;<nome do status>'] },
  run: () => records(phoneStatuses.map(([code, name]) => `${code};${name}`)),
};

export const extensionStatus: ContractFunction = {
  name: 'status_ramal',
  meaning: 'retorna informações gerais sobre um ramal',
  parameters: [
    { name: 'ramal', meaning: 'ramal desejado', optional: true },
    { name: 'id', meaning: 'ou o código do usuário', optional: true },
  ],
  http: {
    section: '1.1.23',
    syntax: ['status_ramal?ramal=<ramal desejado>', 'status_ramal?id=<id do usuário>'],
    records: [
      '<nome do usuário>;<ramal do usuário>;Receptiva;<número de origem>;<número discado>;<código da ligação>;<duração da ligação em segundos>;<complemento do número>',
      '<nome do usuário>;<ramal do usuário>;Ativa;<número discado>;<código da ligação>;<duração da ligação em segundos>',
      '<nome do usuário>;<ramal do usuário>;Discador;<id da campanha>;<nome da campanha>;<parâmetro 1>;<parâmetro 2>;<código da ligação>;<número de telefone>;<duração da ligação em segundos>',
      '<nome do usuário>;<ramal do usuário>;<status do ramal do usuário>;<status do usuário>;<id do status do usuário>',
    ],
  },
  run(values, _caller, ports) {
    const ramal = values.get('ramal');
    const agent = ramal === '' ? ports.directory.get('agent', wholeNumber(values.get('id')) ?? -1) : ports.extensions.agent(ramal);
    if (agent === undefined) return refused('extension-unknown');
    const state = ports.live.agent(agent.id);
    const head = `${field(agent.name)};${agent.extension}`;
    const call = ports.live.callOf(agent.id);
    if (call !== undefined) {
      const seconds = showSeconds(ports.clock.nowMs() - (call.answeredAt ?? call.startedAt));
      const incoming = `${head};Receptiva;${field(call.from)};${field(call.to)};${call.callId};${seconds};`;
      const outgoing = `${head};Ativa;${field(call.to)};${call.callId};${seconds}`;
      switch (call.direction) {
        case 'inbound':
          // The last field is the manual's complement of the number: there is none to tell.
          return records([incoming]);
        case 'internal':
          return records([call.from === agent.extension ? outgoing : incoming]);
        case 'agent':
          return records([outgoing]);
        case 'campaign': {
          const campaign = ports.directory.get('campaign', call.campaignId ?? -1);
          const [first, second] = call.parameters;
          return records([
            `${head};Discador;${call.campaignId ?? ''};${field(campaign?.name)};${field(first)};${field(second)};${call.callId};${field(call.to)};${seconds}`,
          ]);
        }
      }
    }
    const phoneStatus: PhoneStatus = state?.phoneStatus ?? 4;
    const statusId = state?.statusId ?? 2;
    const statusName = ports.directory.get('user-status', statusId)?.name;
    return records([`${head};${phoneStatusName(phoneStatus)};${field(statusName)};${statusId}`]);
  },
};
