import type { PhoneStatus } from '@ritmo/domain';

/** 1.1.24, in the manual's order. */
export const phoneStatuses = [
  [0, 'Livre'],
  [1, 'Ocupado'],
  [2, 'Ocupado'],
  [3, 'Ocupado'],
  [4, 'Desconectado'],
  [8, 'Tocando'],
  [9, 'Ocupado'],
] as const satisfies readonly (readonly [PhoneStatus, string])[];

const names = new Map<PhoneStatus, string>(phoneStatuses);

export const phoneStatusName = (status: PhoneStatus): string => names.get(status) ?? 'Desconectado';
