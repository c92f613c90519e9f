export { answers, answerText, type AnswerId, type Section } from './answers.ts';
export {
  catalogue,
  httpFunctions,
  socketFunctions,
  tableFunctions,
  type HttpFunction,
  type SocketFunction,
  type TableFunction,
} from './catalogue.ts';
export { createContract, type Contract } from './contract.ts';
export { createSecretCheck } from './secret.ts';
export { createAddressRules } from './address-rules.ts';
export type { ContactCard, ContactCards } from './contact-cards.ts';
export type { LiveBoard, OpenCall } from './live-board.ts';
export { clickToDialUrl } from './desk-phones.ts';
export { contactOf } from './functions/contacts.ts';
export { serverStatusText } from './functions/servers.ts';
export {
  field,
  refused,
  valuesOf,
  type Caller,
  type ContractFunction,
  type ContractPorts,
  type Outcome,
  type Parameter,
  type ServerStatus,
  type Values,
} from './function.ts';
export { compactMoment, epochOf, localMoment, parseMoment, showMinute } from './local-time.ts';
export { phoneStatuses, phoneStatusName } from './phone-status.ts';
export { settingsOf } from './settings.ts';
