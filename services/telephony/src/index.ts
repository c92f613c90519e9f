export { createTelephonyApp, type TelephonyApp, type TelephonyOptions } from './app.ts';
export { askedOver } from './call/customer.ts';
