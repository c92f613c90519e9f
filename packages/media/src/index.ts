export type * from './port.ts';
export { UnsupportedSdpError } from './port.ts';
export { createNativeMediaEngine, type NativeMediaEngineOptions } from './native-engine.ts';
export { MediaEngineDownError, NoMediaPortError } from './errors.ts';
export type { LatchPolicy } from './source-latch.ts';
export { NotAWavError, parseWav, repairWav, WAVE_FORMAT, wavFacts, wavHeader, type WavContent, type WavFacts, type WavRepair, type WavShape } from './wav.ts';
export { decodePcm, encodePcm, LINEAR, SILENCE } from './g711.ts';
export { createRtpengineMediaEngine, type RtpengineMediaEngine, type RtpengineOptions } from './rtpengine/engine.ts';
export { NgRefusedError, NgTimeoutError, type NgAddress } from './rtpengine/ng-client.ts';
