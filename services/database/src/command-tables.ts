import type { AnswerId } from '@ritmo/contract';
import type { EventType } from '@ritmo/domain';

export type Row = Readonly<Record<string, unknown>>;

/** One command table: how its columns become a function's parameters, and what becomes of a row that was carried out. */
export interface CommandTable {
  readonly table: string;
  /** Parameter of the function to column. What has the same name need not be listed. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Facts by which a command that was carried out is recognised after a crash: they carry its id in `by`. */
  readonly evidence: readonly EventType[];
  /** What becomes of the row. `mark` writes these columns; `remove` deletes it. */
  settle(done: boolean, message: string, localNow: string): { readonly kind: 'remove' } | { readonly kind: 'mark'; readonly columns: Row } | { readonly kind: 'leave' };
  /** The answer of success, for a command that is found to have been carried out before a crash. */
  readonly succeeded: (values: Readonly<Record<string, string>>) => AnswerId;
  /**
   * Of a command in several steps, which a crash may have cut between them: the values with which it is carried out once more
   * when its first step is found among the facts. That must change nothing where all of it was done.
   */
  readonly finish?: (values: Readonly<Record<string, string>>) => Record<string, string>;
  /** The answer when the services fail again and again. */
  readonly failed?: AnswerId;
  /** Rows go when this column is older. */
  readonly retention?: { readonly column: string; readonly days: number };
}

const same = (...names: string[]): Record<string, readonly string[]> => Object.fromEntries(names.map((name) => [name, [name]]));

export const commandTables: readonly CommandTable[] = [
  {
    table: 'excluir_telefone_campanha',
    columns: same('id_telefone', 'id_campanha'),
    evidence: ['PhoneExcluded'],
    succeeded: ({ id_telefone }) => (id_telefone === '' ? 'campaign-emptied' : 'phone-excluded'),
    finish: (values) => values,
    settle: (done) => (done ? { kind: 'mark', columns: { executado: true } } : { kind: 'leave' }),
    retention: { column: 'data', days: 7 },
  },
  {
    table: 'gerenciar_campanhas',
    columns: same('campanha_id'),
    evidence: ['CampaignActivated', 'CampaignDeactivated'],
    succeeded: () => 'campaign-activated',
    // "a entrada nesta tabela será excluída", whatever came of it.
    settle: () => ({ kind: 'remove' }),
  },
  {
    table: 'inserir_telefone_campanha',
    columns: same('id_campanha', 'parametro', 'valor_parametro', 'codigo_area', 'telefone', 'prioridade'),
    evidence: ['PhoneAdded'],
    succeeded: () => 'phone-inserted',
    settle: (_done, message) => ({ kind: 'mark', columns: { message } }),
  },
  {
    table: 'set_status_telefones_campanhas',
    columns: same('parametro1', 'numerodotelefone', 'id_campanha', 'id_status', 'ramal', 'data', 'uniqueid'),
    evidence: ['DispositionSet', 'CallbackScheduled'],
    succeeded: () => 'disposition-saved',
    settle: (done, mensagem) => (done ? { kind: 'remove' } : { kind: 'mark', columns: { mensagem } }),
  },
  {
    table: 'set_status_ramal',
    columns: { ramal: ['ramal'], status_id: ['id_status'] },
    evidence: ['AgentStatusChanged'],
    succeeded: () => 'status-changed',
    settle: (done, message) => (done ? { kind: 'remove' } : { kind: 'mark', columns: { message } }),
  },
  {
    table: 'gerenciar_usuarios',
    columns: same('ramal_padrao', 'ramal', 'nome', 'email', 'celular', 'senha', 'acao'),
    evidence: ['DirectoryEntryPut'],
    succeeded: ({ acao }) => (acao === '2' ? 'user-updated' : 'user-created'),
    // The user, then its queues.
    finish: (values) => ({ ...values, acao: '2' }),
    settle: (done, mensagem, atualizado_em) => ({ kind: 'mark', columns: { mensagem, executado: done, atualizado_em } }),
  },
  {
    table: 'alterar_cliente',
    columns: {
      ...same('id_campanha', 'parametro', 'novo_parametro'),
      valor_parametro: ['valor', 'valor_parametro'],
      valor_novo_parametro: ['novo_valor'],
    },
    evidence: ['ContactParameterChanged'],
    succeeded: () => 'contact-changed',
    settle: (_done, mensagem) => ({ kind: 'mark', columns: { mensagem } }),
  },
  {
    table: 'inserir_telefone_black_list',
    columns: same('id_black_list', 'telefone'),
    evidence: ['NumberBlocked'],
    succeeded: () => 'number-blocked',
    settle: (_done, mensagem, atualizado_em) => ({ kind: 'mark', columns: { mensagem, atualizado_em } }),
    failed: 'block-failed',
    retention: { column: 'criado_em', days: 2 },
  },
  {
    table: 'remover_telefone_black_list',
    columns: same('id_black_list', 'telefone'),
    evidence: ['NumberUnblocked'],
    succeeded: () => 'number-unblocked',
    // From one list after the other.
    finish: (values) => values,
    settle: (_done, mensagem, atualizado_em) => ({ kind: 'mark', columns: { mensagem, atualizado_em } }),
    failed: 'unblock-failed',
    retention: { column: 'criado_em', days: 2 },
  },
];

/** The first column that has something in it. */
export function parametersOf(table: CommandTable, row: Row): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table.columns).map(([parameter, columns]) => {
      const value = columns.map((column) => row[column]).find((each) => each !== null && each !== undefined && each !== '');
      return [parameter, value === undefined ? '' : String(value)];
    }),
  );
}
