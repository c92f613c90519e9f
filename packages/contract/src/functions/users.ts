import type { Bus } from '@ritmo/bus';
import type { Actor, Agent, Queue } from '@ritmo/domain';
import type { DirectoryReader } from '@ritmo/service-kit';
import type { AnswerId } from '../answers.ts';
import { done, refused, type Caller, type ContractFunction, type ContractPorts, type Outcome, type Values } from '../function.ts';

const parameters = [
  { name: 'ramal_padrao', meaning: 'ramal que serve como modelo' },
  { name: 'ramal', meaning: 'ramal do usuário' },
  { name: 'nome', meaning: 'nome do usuário; sem ele, o número do ramal', optional: true },
  { name: 'email', meaning: 'e-mail do usuário', optional: true },
  { name: 'celular', meaning: 'celular do usuário', optional: true },
  { name: 'senha', meaning: 'senha do usuário; sem ela, 12345678', optional: true },
] as const;

const socketFields = ['ramal_padrao', 'ramal', 'nome', 'email', 'celular', 'senha'] as const;

/** 1.2.2.4 shows a variant without the e-mail: the fifth field from the left is then the last. */
function withoutEmail(fields: readonly string[]): readonly string[] {
  const fourth = fields[3] ?? '';
  if (fields.length !== 5 || fourth === '' || fourth.includes('@') || !/^[+\d ()-]+$/.test(fourth)) return fields;
  return [...fields.slice(0, 3), '', ...fields.slice(3)];
}

export const createUser: ContractFunction = {
  name: 'adicionar_usuario_com_perfil',
  meaning: 'cria um usuário com as configurações de outro usuário',
  parameters,
  http: {
    section: '1.1.19',
    syntax: [
      'adicionar_usuario_com_perfil?ramal_padrao=<ramal modelo>&ramal=<ramal novo>&nome=<nome>&email=<email>&celular=<celular>&senha=<senha>',
    ],
  },
  socket: {
    section: '1.2.2.4',
    command: 'ADICIONARUSUARIOCOMPERFIL',
    fields: socketFields,
    syntax: ['<ADICIONARUSUARIOCOMPERFIL><ramal_padrao><ramal><nome><email><celular><senha>'],
    arrange: withoutEmail,
  },
  run: (values, caller, ports) => saveUser('create', values, caller, ports),
};

export const updateUser: ContractFunction = {
  name: 'atualizar_usuario_com_perfil',
  meaning: 'atualiza um usuário com as configurações de outro usuário',
  parameters,
  http: {
    section: '1.1.19.1',
    syntax: [
      'atualizar_usuario_com_perfil?ramal_padrao=<ramal modelo>&ramal=<ramal do usuário>&nome=<nome>&email=<email>&celular=<celular>&senha=<senha>',
    ],
  },
  socket: {
    section: '1.2.2.5',
    command: 'ATUALIZARUSUARIOCOMPERFIL',
    fields: socketFields,
    syntax: ['<ATUALIZARUSUARIOCOMPERFIL><ramal_padrao><ramal><nome><email><celular><senha>'],
    arrange: withoutEmail,
  },
  run: (values, caller, ports) => saveUser('update', values, caller, ports),
};

/** 1.3.1.22: one table for both, told apart by `acao`. */
export const manageUser: ContractFunction = {
  name: 'gerenciar_usuarios',
  meaning: 'cria (acao 1) ou atualiza (acao 2) um usuário com as configurações de outro usuário',
  parameters: [...parameters, { name: 'acao', meaning: '1 cria, 2 atualiza' }],
  table: { section: '1.3.1.22', name: 'gerenciar_usuarios' },
  run(values, caller, ports) {
    switch (values.get('acao')) {
      case '1':
        return saveUser('create', values, caller, ports);
      case '2':
        return saveUser('update', values, caller, ports);
    }
    return refused('action-unknown');
  },
};

const words = {
  create: { saved: 'user-created', not: 'user-not-created', name: 'user-not-created-name', reason: 'user-not-created-reason' },
  update: { saved: 'user-updated', not: 'user-not-updated', name: 'user-not-updated-name', reason: 'user-not-updated-reason' },
} as const satisfies Record<string, Record<string, AnswerId>>;

async function saveUser(action: 'create' | 'update', values: Values, { by }: Caller, ports: ContractPorts): Promise<Outcome> {
  const extension = values.get('ramal');
  const { saved, not, name: nameTaken, reason } = words[action];
  const because = (text: string): Outcome => refused(reason, { extension, reason: text });
  if (extension === '' || values.get('ramal_padrao') === '') return refused(not, { extension });
  const model = ports.extensions.agent(values.get('ramal_padrao'));
  if (model === undefined) return because('O ramal padrão não foi encontrado.');
  const before = ports.extensions.agent(extension);
  if (action === 'create' && before !== undefined) return because('O ramal já está em uso por outro usuário.');
  if (ports.directory.all('shared-extension').some((shared) => shared.extension === extension)) return because('O ramal já está em uso como ramal compartilhado.');
  if (action === 'update' && before === undefined) return because('O ramal não foi encontrado.');
  const name = values.get('nome') || (before?.name ?? extension);
  const email = values.get('email');
  const password = values.get('senha');
  if (!/^\d{2,10}$/.test(extension)) return because('O ramal deve ter de 2 a 10 dígitos.');
  if (email !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return because('O e-mail não é válido.');
  if (password !== '' && password.length < 4) return because('A senha deve ter pelo menos 4 caracteres.');
  if (name.length > 120) return because('O nome deve ter no máximo 120 caracteres.');
  const sameName = ports.directory.all('agent').find((agent) => agent.name === name && agent.extension !== extension);
  if (sameName !== undefined) return refused(nameTaken, { extension, name });
  const entry = userEntry(model, before, { extension, name, email, mobile: values.get('celular'), password });
  const reply = await ports.bus.request('directory.put', {
    kind: 'agent',
    id: before?.id ?? null,
    entry,
    ...(action === 'create' ? { mustBeNew: true } : {}),
    by,
  });
  if (!reply.ok) return reply.code === 'exists' ? because('O ramal já está em uso por outro usuário.') : refused(not, { extension });
  await inTurn(ports.bus, () => copyQueues(model, reply.id, by, ports));
  return done(saved, { extension });
}

/** All of the model's settings but those that are the person's own. */
function userEntry(
  model: Agent,
  before: Agent | undefined,
  own: { extension: string; name: string; email: string; mobile: string; password: string },
): Record<string, unknown> {
  const { id: _id, email: _email, mobile: _mobile, phoneAddress: _address, blocked: _blocked, ...settings } = model;
  const email = own.email || before?.email;
  const mobile = own.mobile || before?.mobile;
  return {
    ...settings,
    ...(before === undefined ? {} : { id: before.id }),
    extension: own.extension,
    name: own.name,
    // "Caso não seja inserida uma senha ... será gerada uma senha padrão de 1 a 8."
    password: own.password || (before?.password ?? '12345678'),
    ...(email === undefined ? {} : { email }),
    ...(mobile === undefined ? {} : { mobile }),
    ...(before?.phoneAddress === undefined ? {} : { phoneAddress: before.phoneAddress }),
    // Who is blocked stays so: it is about the person, not the profile.
    ...(before?.blocked === undefined ? {} : { blocked: before.blocked }),
  };
}

/** The queues are settings of the model too: the same queues, with its priority and skill. */
async function copyQueues(model: Agent, agentId: number, by: Actor, { bus, directory }: ContractPorts): Promise<void> {
  if (model.id === agentId) return;
  for (const queue of directory.all('queue')) {
    const place = queue.members.find((member) => member.agentId === model.id);
    const others = queue.members.filter((member) => member.agentId !== agentId);
    const members: Queue['members'] = place === undefined ? others : [...others, { ...place, agentId }];
    if (JSON.stringify(members) === JSON.stringify(queue.members)) continue;
    const reply = await bus.request('directory.put', { kind: 'queue', id: queue.id, entry: { ...queue, members }, by });
    if (reply.ok) await shown(directory, queue.id, members);
  }
}

const longestWaitMs = 2_000;

/** A queue is written as a whole: the next change must begin from this one, and what is read follows the bus. */
async function shown(directory: DirectoryReader, queueId: number, members: Queue['members']): Promise<void> {
  const wanted = JSON.stringify(members);
  for (const deadline = performance.now() + longestWaitMs; performance.now() < deadline; ) {
    if (JSON.stringify(directory.get('queue', queueId)?.members) === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const turns = new WeakMap<Bus, Promise<unknown>>();

/** One after the other in this process, whichever facade they came by: two at once would write over each other's member. */
function inTurn<T>(bus: Bus, work: () => Promise<T>): Promise<T> {
  const result = (turns.get(bus) ?? Promise.resolve()).then(work);
  turns.set(bus, result.catch(() => undefined));
  return result;
}
