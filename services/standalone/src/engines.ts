import { createNativeMediaEngine, createRtpengineMediaEngine, type MediaEngine } from '@ritmo/media';
import { createDrachtioSipStack, createNativeSipStack, type SipHandlers, type SipStack, type SipStackOptions } from '@ritmo/sip';
import type { Logger } from 'pino';
import type { RitmoConfig } from './config.ts';
import { readTls } from './tls-files.ts';

const realm = 'ritmo';
const userAgent = 'Ritmo';
const codecs = ['PCMA', 'PCMU'] as const;

const advertised = (config: RitmoConfig): { readonly advertisedHost?: string } => (config.advertise === undefined ? {} : { advertisedHost: config.advertise });

/** In this process, or on a drachtio-server where one is named. */
export function sipStack(config: RitmoConfig, handlers: SipHandlers): SipStack {
  const options: SipStackOptions = { host: config.listen, port: config.sipPort, transports: ['udp', 'tcp'], realm, userAgent, handlers, ...advertised(config) };
  const { drachtio } = config.cluster;
  // Its sockets, TLS included, are in its own configuration.
  if (drachtio !== undefined) return createDrachtioSipStack(options, drachtio);
  return createNativeSipStack(config.tls === undefined ? options : { ...options, transports: ['udp', 'tcp', 'tls'], tls: readTls(config.tls) });
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
