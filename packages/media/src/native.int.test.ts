import { freeUdpPortRange } from '@ritmo/testing';
import { mediaEngineContract } from '../test/media-engine-contract.ts';
import { createNativeMediaEngine } from './native-engine.ts';

mediaEngineContract('native', async () => {
  let log = '';
  const portRange = await freeUdpPortRange(64);
  const engine = createNativeMediaEngine({ host: '127.0.0.1', portRange, codecs: ['PCMA', 'PCMU'], onFailure: (error) => (log += error.message) });
  await engine.start();
  return { engine, log: () => log, end: () => engine.stop() };
});
