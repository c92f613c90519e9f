export { createRandom, hashOf, type Distribution, type Random } from './random.ts';
export { waitFor, type WaitOptions } from './wait-for.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { createTempDir, freeTcpPort, freeUdpPortRange, type TempDir } from './places.ts';
export { tone, toneOfNumber, toneShare, type ToneCodec } from './tone.ts';
export { RtpTalker, type HeardPacket, type RtpTalkerOptions } from './rtp-talker.ts';
export { readPhoneSdp, writePhoneSdp, type HeardSdp, type PhoneSdp } from './phone-sdp.ts';
