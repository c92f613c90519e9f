import { createNativeMediaEngine, createRtpengineMediaEngine, type MediaEngine } from '@ritmo/media';
import { createDrachtioSipStack, createNativeSipStack, type SipHandlers, type SipStack } from '@ritmo/sip';
import type { Logger } from 'pino';
import type { RitmoConfig } from './config.ts';

const realm = 'ritmo';
const userAgent = 'Ritmo';
const codecs = ['PCMA', 'PCMU'] as const;

const advertised = (config: RitmoConfig): { readonly advertisedHost?: string } => (config.advertise === undefined ? {} : { advertisedHost: config.advertise });

/** In this process, or on a drachtio-server where one is named. */
export function sipStack(config: RitmoConfig, handlers: SipHandlers): SipStack {
  const options = { host: config.listen, port: config.sipPort, transports: ['udp', 'tcp'] as const, realm, userAgent, handlers, ...advertised(config) };
  const { drachtio } = config.cluster;
  return drachtio === undefined ? createNativeSipStack(options) : createDrachtioSipStack(options, drachtio);
}

/** In a thread of this process, or on an rtpengine where one is named. */
export function mediaEngine(config: RitmoConfig, log: Logger, onFatal: (error: Error) => void): MediaEngine {
  const { rtpengine } = config.cluster;
  if (rtpengine === undefined) {
    return createNativeMediaEngine({ host: config.listen, portRange: config.rtpPorts, codecs, onFailure: onFatal, onRestart: (error) => log.error({ err: error }, 'the media thread died; a new one takes over its calls'), ...advertised(config) });
  }
  const { host, port, recordings, dtmfLog } = rtpengine;
  return createRtpengineMediaEngine({
    ng: { host, port },
    codecs,
    captureDir: recordings,
    ...(dtmfLog === undefined ? {} : { dtmfLog }),
    onTrouble: (error) => log.warn({ err: error }, 'rtpengine'),
    ...advertised(config),
  });
}
