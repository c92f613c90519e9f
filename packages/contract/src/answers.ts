/**
 * Every answer of the manual, to the letter, under the number of its section. Where an example of the manual shows the
 * literal answer, the example wins; else it is written as under "Retornos". A line marked `ours` has no words in the
 * manual: it answers a case that the manual leaves open, in the manual's manner. `{x}` is filled in.
 */
const extension = {
  missing: { 'extension-missing': 'RAMAL NÃO INFORMADO' },
  missingPlain: { 'extension-missing': 'RAMAL NAO INFORMADO' },
  unknown: { 'extension-unknown': 'RAMAL NÃO ENCONTRADO' },
  unknownPlain: { 'extension-unknown': 'RAMAL NAO ENCONTRADO' },
  loggedIn: { 'logged-in': 'RAMAL LOGADO COM SUCESSO' },
  loggedOut: { 'logged-out': 'RAMAL DESLOGADO COM SUCESSO' },
} as const;

const licence = {
  exceeded: { 'licence-exceeded': 'LICENÇA DE RAMAIS EXCEDIDA' },
  exceededPlain: { 'licence-exceeded': 'LICENCA DE RAMAIS EXCEDIDA' },
} as const;

const pause = {
  ...extension.missingPlain,
  ...extension.unknownPlain,
  'pause-changed': 'PAUSA ALTERADA COM SUCESSO',
} as const;

/** 1.1.16, 1.2.2.6 and 1.3.1.15.1 spell these alike. */
const insertPhone = {
  'phone-inserted': 'TELEFONE INSERIDO',
  'contact-unknown': 'CLIENTE NAO ENCONTRADO',
  'several-contacts': 'MAIS DE UM CLIENTE ENCONTRADO',
  'parameter-missing': 'PARAMETRO NAO INFORMADO',
  'parameter-unknown': 'PARAMETRO NAO EXISTE',
  'priority-missing': 'PRIORIDADE NAO INFORMADA',
  'priority-taken': 'JA EXISTE NUMERO DE TELEFONE COM ESTA PRIORIDADE',
  'priority-over-limit': 'PRIORIDADE EXCEDE LIMITE DE TELEFONES DA CAMPANHA',
  'value-missing': 'VALOR DO PARAMETRO NAO INFORMADO',
  'phones-exceeded': 'LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO',
  'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
  'campaign-missing': 'ID DA CAMPANHA NAO INFORMADO',
  // ours, after 1.2.2.15 and 1.3.1.35
  'number-missing': 'NUMERO DE TELEFONE NAO INFORMADO',
  'number-invalid': 'NUMERO DE TELEFONE INVALIDO',
} as const;

const changeContact = {
  'contact-changed': 'CLIENTE ALTERADO',
  'contact-unknown': 'CLIENTE NAO ENCONTRADO',
  'several-contacts': 'MAIS DE UM CLIENTE ENCONTRADO',
  'parameter-missing': 'PARAMETRO NAO INFORMADO',
  'parameter-unknown': 'PARAMETRO NAO EXISTE',
  'new-parameter-missing': 'NOVO PARAMETRO NAO INFORMADO',
  'new-parameter-unknown': 'NOVO PARAMETRO NAO EXISTE',
  'value-missing': 'VALOR DO PARAMETRO NAO INFORMADO',
  'new-value-missing': 'VALOR DO NOVO PARAMETRO NAO INFORMADO',
  'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
  'campaign-missing': 'ID DA CAMPANHA NAO INFORMADO',
} as const;

/** The manual says of 1.1.19, 1.2.2.4 and 1.3.1.22 that further messages of validation may appear: `{reason}`. */
const createUser = {
  'user-created': "Usuário '{extension}' criado com sucesso",
  'user-not-created': "Usuário '{extension}' não foi criado.",
  'user-not-created-name': "Usuário '{extension}' não foi criado. O nome {name} já está em uso por outro usuário.",
  'user-not-created-reason': "Usuário '{extension}' não foi criado. {reason}",
} as const;
const updateUser = {
  'user-updated': "Usuário '{extension}' atualizado com sucesso.",
  'user-not-updated': "Usuário '{extension}' não foi atualizado.",
  'user-not-updated-name': "Usuário '{extension}' não foi atualizado. O nome {name} já está em uso por outro usuário.",
  'user-not-updated-reason': "Usuário '{extension}' não foi atualizado. {reason}",
} as const;

const saveDisposition = {
  'parameters-missing': 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO',
  'contact-unknown': 'CLIENTE NAO LOCALIZADO NA CAMPANHA',
  'callbacks-exceeded': 'AGENDAMENTOS EXCEDIDOS',
  'not-in-future': 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA',
} as const;

export const answers = {
  /** The HTTP side's own, for every function (rulings on `chave`). */
  '1.1': {
    'key-invalid': 'CHAVE DA API INVÁLIDA',
    // ours
    'function-unknown': 'FUNCAO NAO ENCONTRADA',
    'address-refused': 'IP NAO TEM AUTORIZACAO PARA ACESSAR A API',
    unavailable: 'SISTEMA INDISPONIVEL, TENTE NOVAMENTE',
  },
  '1.1.1': {
    ...extension.missing,
    ...extension.unknown,
    hardphone: 'NAO É POSSÍVEL EFETUAR LOGIN DE HARDPHONE VIA API',
    ...licence.exceeded,
    'not-connected': 'SOFTPHONE NÃO ESTÁ CONECTADO',
    ...extension.loggedIn,
    // Only 1.2.2.8 has it; the same refusal over HTTP.
    'extension-blocked': 'RAMAL ESTA BLOQUEADO',
  },
  '1.1.2': {
    ...extension.missing,
    ...extension.unknown,
    hardphone: 'NÃO É POSSÍVEL EFETUAR LOGOUT DE HARDPHONE VIA API',
    ...extension.loggedOut,
  },
  '1.1.3': {
    'extension-missing': 'RAMAL NÃO ENCONTRADO',
    ...extension.unknown,
    'shared-extension-unknown': 'RAMAL NÃO ENCONTRADO',
    ...extension.loggedIn,
    // ours, as in 1.1.1
    ...licence.exceeded,
    'extension-blocked': 'RAMAL ESTA BLOQUEADO',
  },
  '1.1.4': { ...extension.missing, ...extension.unknown, ...extension.loggedOut },
  '1.1.6': {
    ...extension.unknown,
    'status-unknown': 'STATUS NÃO EXISTE',
    // The example's spelling.
    hardphone: 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE',
    'extension-or-status-missing': 'RAMAL OU STATUS_ID NAO INFORMADO',
    'status-changed': 'STATUS ALTERADO COM SUCESSO',
    // ours, as in 1.1.1: a status brings in one who was logged out
    ...licence.exceeded,
  },
  '1.1.7': {
    'campaign-unknown': 'CAMPANHA NÃO ENCONTRADA',
    'campaign-activated': 'CAMPANHA ATIVADA',
    'campaign-deactivated': 'CAMPANHA DESATIVADA',
  },
  '1.1.8': { 'campaign-unknown': 'CAMPANHA NÃO ENCONTRADA', 'no-calls': 'NAO HÁ LIGAÇÕES DE CAMPANHA' },
  '1.1.12': { 'queue-unknown': 'FILA NAO ENCONTRADA' },
  '1.1.13': {
    'no-recording': 'NENHUMA GRAVAÇÃO ENCONTRADA',
    'several-recordings': 'MAIS DE UM ARQUIVO ENCONTRADO, ESPECIFIQUE QUAL PARTE DESEJA OBTER',
    'part-unknown': 'PARTE ESPECIFICADA NÃO EXISTE',
  },
  '1.1.14': { 'nothing-found': 'INFORMAÇÕES NÃO LOCALIZADAS' },
  '1.1.15': {
    ...saveDisposition,
    'status-unknown': 'STATUS INFORMADO NAO EXISTE',
    'extension-unknown': 'USUARIO TOTALIP NAO LOCALIZADO',
    'disposition-saved': 'STATUS CADASTRADO COM SUCESSO',
  },
  '1.1.16': insertPhone,
  '1.1.19': createUser,
  '1.1.19.1': updateUser,
  '1.1.20': { dialing: 'DISCANDO', 'parameters-invalid': 'PARAMETROS INCORRETOS OU INVALIDOS', 'key-invalid': 'CHAVE DA API INVÁLIDA' },
  '1.1.21': {
    'numbers-imported': '{count} NUMERO(S) IMPORTADO(S) COM SUCESSO',
    // ours, as in 1.1.16 and 1.1.15
    'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
    'campaign-missing': 'ID DA CAMPANHA NAO INFORMADO',
    'parameters-missing': 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO',
  },
  '1.1.22': {
    'phone-excluded': 'TELEFONE EXCLUIDO',
    'phone-unknown': 'TELEFONE NAO ENCONTRADO',
    'campaign-emptied': 'TELEFONES DA CAMPANHA EXCLUIDOS',
    'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
  },
  '1.1.23': extension.unknownPlain,
  // ours, as in 1.1.6
  '1.1.25': { ...pause, ...licence.exceeded },
  '1.1.26': pause,
  '1.1.27': changeContact,

  '1.2.2.1': {
    ...extension.unknownPlain,
    'status-unknown': 'STATUS NAO EXISTE',
    hardphone: 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE',
    'status-changed': 'STATUS ALTERADO COM SUCESSO',
    'extension-or-status-missing': 'RAMAL OU STATUS_ID NAO INFORMADO',
    // ours, as in 1.2.2.8
    ...licence.exceededPlain,
  },
  '1.2.2': {
    'address-refused': 'IP NAO TEM AUTORIZACAO PARA ESCREVER COMANDOS NO SOCKET',
    'parameters-missing': 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO',
    // ours
    unavailable: 'SISTEMA INDISPONIVEL, TENTE NOVAMENTE',
  },
  '1.2.2.2': {
    ...saveDisposition,
    ...extension.unknownPlain,
    'status-unknown': 'STATUS NAO EXISTE',
    'disposition-saved': 'STATUS INSERIDO COM SUCESSO',
    'extension-or-status-missing': 'RAMAL OU STATUS_ID NAO INFORMADO',
  },
  /** The same command without a uniqueid: another phone of the contact. */
  '1.2.2.3': {
    ...saveDisposition,
    ...extension.unknownPlain,
    'status-unknown': 'STATUS NAO EXISTE',
    'disposition-saved': 'STATUS CADASTRADO COM SUCESSO',
    'extension-or-status-missing': 'RAMAL OU STATUS_ID NAO INFORMADO',
  },
  '1.2.2.4': createUser,
  /** Its "Retornos" are those of 1.2.2.4, word for word, `criado` too; over HTTP (1.1.19.1) and SQL the words are of an update. */
  '1.2.2.5': {
    'user-updated': createUser['user-created'],
    'user-not-updated': createUser['user-not-created'],
    'user-not-updated-name': createUser['user-not-created-name'],
    'user-not-updated-reason': createUser['user-not-created-reason'],
  },
  '1.2.2.6': insertPhone,
  '1.2.2.7': {
    ...saveDisposition,
    'extension-unknown': 'USUARIO TOTALIP NAO LOCALIZADO',
    'status-unknown': 'STATUS INFORMADO NAO EXISTE',
    'disposition-saved-in': 'STATUS CADASTRADO COM SUCESSO - Campanha {campaigns}',
  },
  '1.2.2.8': {
    hardphone: 'NAO E POSSIVEL EFETUAR LOGIN DE HARDPHONE VIA API',
    ...licence.exceededPlain,
    'not-connected': 'SOFTPHONE NAO ESTA CONECTADO',
    'extension-blocked': 'RAMAL ESTA BLOQUEADO',
    ...extension.loggedIn,
    ...extension.unknownPlain,
    ...extension.missingPlain,
  },
  '1.2.2.9': {
    hardphone: 'NAO E POSSIVEL EFETUAR LOGOUT DE HARDPHONE VIA SOCKET',
    ...extension.loggedOut,
    ...extension.unknownPlain,
    ...extension.missingPlain,
  },
  '1.2.2.10': {
    ...extension.loggedIn,
    ...extension.unknown,
    'extension-missing': 'RAMAL NÃO ENCONTRADO',
    'shared-extension-unknown': 'RAMAL NÃO ENCONTRADO',
    // ours, as in 1.2.2.8
    ...licence.exceededPlain,
    'extension-blocked': 'RAMAL ESTA BLOQUEADO',
  },
  '1.2.2.11': { ...extension.loggedOut, ...extension.unknown, 'extension-missing': 'RAMAL NÃO ENCONTRADO' },
  // ours, as in 1.2.2.1
  '1.2.2.12': { ...pause, ...licence.exceededPlain },
  '1.2.2.13': pause,
  '1.2.2.14': changeContact,
  '1.2.2.15': {
    dialing: 'DISCANDO',
    'number-missing': 'NUMERO DE TELEFONE NAO INFORMADO',
    'key-missing': 'CHAVE DE SEGURANCA NAO INFORMADO',
    'key-invalid': 'CHAVE DA API INVÁLIDA',
    // As in 1.1.20.
    'parameters-invalid': 'PARAMETROS INCORRETOS OU INVALIDOS',
  },

  // ours, as in 1.1.21 and 1.1.16: the table of the manual has no message
  '1.3.1.6': {
    'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
    'campaign-missing': 'ID DA CAMPANHA NAO INFORMADO',
    'parameters-missing': 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO',
    'number-invalid': 'NUMERO DE TELEFONE INVALIDO',
    'phones-exceeded': 'LIMITE DE TELEFONES DA CAMPANHA EXCEDIDO',
  },
  '1.3.1.9': {
    // The column `executado` tells; these go to the log only.
    'phone-excluded': 'TELEFONE EXCLUIDO',
    'phone-unknown': 'TELEFONE NAO ENCONTRADO',
    'campaign-emptied': 'TELEFONES DA CAMPANHA EXCLUIDOS',
    'campaign-unknown': 'CAMPANHA NAO ENCONTRADA',
  },
  '1.3.1.14': {
    'campaign-unknown': 'CAMPANHA NÃO ENCONTRADA',
    'campaign-activated': 'CAMPANHA ATIVADA',
    'campaign-deactivated': 'CAMPANHA DESATIVADA',
  },
  '1.3.1.15.1': insertPhone,
  /** "Possíveis mensagens de erro", with the full stop that they have there. */
  '1.3.1.17': {
    'contact-unknown': 'CLIENTE NAO LOCALIZADO NA CAMPANHA.',
    'status-unknown': 'STATUS INFORMADO NAO EXISTE.',
    'extension-unknown': 'USUARIO TOTALIP NAO LOCALIZADO.',
    'parameters-missing': 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO.',
    'callbacks-exceeded': 'AGENDAMENTOS EXCEDIDOS.',
    'not-in-future': 'O AGENDAMENTO DEVER SER PARA UMA DATA FUTURA.',
    // The row goes: nobody reads it but the log.
    'disposition-saved': 'STATUS CADASTRADO COM SUCESSO',
  },
  /** The manual names no messages here: those of 1.2.2.1. */
  '1.3.1.18': {
    ...extension.unknownPlain,
    'status-unknown': 'STATUS NAO EXISTE',
    hardphone: 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE',
    'status-changed': 'STATUS ALTERADO COM SUCESSO',
    'extension-or-status-missing': 'RAMAL OU STATUS_ID NAO INFORMADO',
    ...licence.exceededPlain,
  },
  '1.3.1.22': { ...createUser, ...updateUser, 'action-unknown': 'Ação inválida: 1 cria e 2 atualiza o usuário.' },
  '1.3.1.29': changeContact,
  '1.3.1.35': {
    'number-blocked': 'Telefone salvo',
    'block-failed': 'Não foi possível salvar o telefone',
    'block-list-unknown': 'Black List não localizada',
    'number-invalid': 'Número inválido',
  },
  '1.3.1.36': {
    'number-unblocked': 'Telefone removido',
    'unblock-failed': 'Não foi possível excluir o telefone',
    'number-invalid': 'Número inválido',
    // As in 1.3.1.35.
    'block-list-unknown': 'Black List não localizada',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type Section = keyof typeof answers;
type IdsOf<S> = S extends unknown ? keyof (typeof answers)[S & Section] : never;
export type AnswerId = IdsOf<Section>;

/** The literal text of an answer in a section. A section without it is a mistake of ours: it throws. */
export function answerText(section: Section, id: AnswerId, values: Readonly<Record<string, string>> = {}): string {
  const text = (answers[section] as Readonly<Record<string, string>>)[id];
  if (text === undefined) throw new Error(`section ${section} has no answer ${id}`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}
