/** Every function of the manual, one row each, in the order of its sections. Adding a function is adding a row. */
import {
  extensionStatus,
  listPhoneStatuses,
  listStatuses,
  listUsers,
  login,
  loginHardphone,
  logout,
  logoutHardphone,
  setPause,
  setStatus,
  setUnpause,
} from './functions/agents.ts';
import { blockNumber, unblockNumber } from './functions/block-lists.ts';
import { campaignCalls, listCampaigns, listDispositions, manageCampaign } from './functions/campaigns.ts';
import { changeContact, excludePhone, importContact, insertPhone } from './functions/contacts.ts';
import { dial } from './functions/dial.ts';
import { setDisposition, setDispositionByParameter1 } from './functions/dispositions.ts';
import { queueCalls, waitingCalls } from './functions/queues.ts';
import { recording } from './functions/recordings.ts';
import { serverStatus, serverStatusPage } from './functions/servers.ts';
import { createUser, manageUser, updateUser } from './functions/users.ts';
import type { ContractFunction } from './function.ts';

export const catalogue: readonly ContractFunction[] = [
  login,
  logout,
  loginHardphone,
  logoutHardphone,
  listStatuses,
  setStatus,
  manageCampaign,
  campaignCalls,
  listUsers,
  listCampaigns,
  listDispositions,
  waitingCalls,
  recording,
  queueCalls,
  setDisposition,
  setDispositionByParameter1,
  insertPhone,
  serverStatus,
  serverStatusPage,
  createUser,
  updateUser,
  manageUser,
  dial,
  importContact,
  excludePhone,
  extensionStatus,
  listPhoneStatuses,
  setPause,
  setUnpause,
  changeContact,
  blockNumber,
  unblockNumber,
];

export type HttpFunction = ContractFunction & { readonly http: NonNullable<ContractFunction['http']> };
export type SocketFunction = ContractFunction & { readonly socket: NonNullable<ContractFunction['socket']> };
export type TableFunction = ContractFunction & { readonly table: NonNullable<ContractFunction['table']> };

export const httpFunctions = catalogue.filter((row): row is HttpFunction => row.http !== undefined);
export const socketFunctions = catalogue.filter((row): row is SocketFunction => row.socket !== undefined);
export const tableFunctions = catalogue.filter((row): row is TableFunction => row.table !== undefined);
