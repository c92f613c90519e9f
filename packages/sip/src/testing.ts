/** For tests of those who use the stack. */
export { noCertificates, selfSigned } from './contract/certificate.ts';
export { NameServer } from './contract/name-server.ts';
export { RawPeer } from './contract/raw-peer.ts';
