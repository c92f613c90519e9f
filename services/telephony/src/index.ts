export { createTelephonyApp, type TelephonyApp, type TelephonyOptions } from './app.ts';
