import { shippedDispositions, type DirectoryEntry, type DirectoryKind } from '@ritmo/domain';

export interface SeedEntry {
  readonly kind: DirectoryKind;
  readonly id: number;
  readonly entry: Readonly<Record<string, unknown>>;
}

const d = shippedDispositions;

/** The manual's words: they travel as data. */
const dispositions: readonly Partial<DirectoryEntry<'disposition'>>[] = [
  { id: d.deliveredToAgent, name: 'Entregue ao Operador' },
  { id: d.busy, name: 'Ocupado' },
  { id: d.noAnswer, name: 'Não Atende' },
  { id: d.dialing, name: 'Discado Sistema', intermediate: true },
  { id: d.abandoned, name: 'Desligado Sem Operadores Livres' },
  { id: d.routeUnavailable, name: 'Rota Indisponível' },
  { id: d.invalidNumber, name: 'Número Inválido' },
  { id: d.inIvr, name: 'URA do Discador', intermediate: true },
  { id: d.waitingInQueue, name: 'Na Fila de Espera', intermediate: true },
  { id: d.deliveredWithoutDisposition, name: 'Entregue Sem Tabulação' },
  { id: d.agentNotified, name: 'Notificado Operador' },
  { id: d.answeringMachine, name: 'Secretária Eletrônica' },
  { id: d.blocked, name: 'Bloqueado' },
  { id: d.cancelled, name: 'Cancelado' },
  { id: d.agentCallback, name: 'Agendamento Operador', reschedules: true },
];

const userStatuses: readonly Partial<DirectoryEntry<'user-status'>>[] = [
  { id: 1, name: 'Logado', pause: false },
  { id: 2, name: 'Deslogado' },
  { id: 3, name: 'Siga-me' },
  { id: 4, name: 'Reunião' },
  { id: 5, name: 'Visita em Cliente' },
  { id: 6, name: 'Intervalo de Almoço' },
  { id: 7, name: 'Feedback' },
];

/** National holidays with a fixed date; Good Friday moves. State and city holidays are the installation's to add. */
const fixedHolidays = ['01-01', '04-21', '05-01', '09-07', '10-12', '11-02', '11-15', '11-20', '12-25'];
const goodFridays = ['2026-04-03', '2027-03-26', '2028-04-14', '2029-03-30', '2030-04-19'];

/** The telecom sector's own code: Monday to Friday 9–21, Saturday 10–16, never Sundays and holidays. */
const defaultCallWindow: Partial<DirectoryEntry<'call-window'>> = {
  id: 1,
  name: 'Padrão Brasil',
  periods: [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '21:00' },
    { days: [6], from: '10:00', to: '16:00' },
  ],
  holidays: goodFridays.flatMap((friday) => [friday, ...fixedHolidays.map((day) => `${friday.slice(0, 4)}-${day}`)]).sort(),
};

/** What every installation has from its first start. */
export const shippedEntries: readonly SeedEntry[] = [
  ...dispositions.map((entry) => seed('disposition', entry)),
  ...userStatuses.map((entry) => seed('user-status', entry)),
  seed('call-window', defaultCallWindow),
  seed('block-list', { id: 1, name: 'Lista de Bloqueio', group: 'Geral' }),
  seed('agent-group', { id: 1, name: 'Atendimento' }),
  seed('settings', { id: 1 }),
];

function seed(kind: DirectoryKind, entry: Readonly<Record<string, unknown>>): SeedEntry {
  return { kind, id: entry['id'] as number, entry };
}

const shippedKeys = new Set(shippedEntries.filter(({ kind }) => kind === 'disposition' || kind === 'user-status' || kind === 'settings').map(({ kind, id }) => `${kind}/${id}`));

/** Code and integrators count on them by number: they can be changed, not removed. */
export const isShipped = (kind: DirectoryKind, id: number): boolean => shippedKeys.has(`${kind}/${id}`);
