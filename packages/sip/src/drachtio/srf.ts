/**
 * The parts of drachtio-srf 5 that the adapter uses, in types of our own: the package's are incomplete, and foreign types stop here.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

export type SrfHeaders = Record<string, string>;

export interface SrfRequest extends EventEmitter {
  readonly method: string;
  /** `application`: the server made it by itself and tells of it. */
  readonly source: 'network' | 'application';
  readonly uri: string;
  readonly body: string;
  readonly msg: { readonly raw: string };
  readonly protocol: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly stackTxnId: string;
  get(name: string): string | undefined;
  has(name: string): boolean;
  cancel(options: { headers: SrfHeaders }, done: (error: Error | null) => void): void;
}

export interface SrfResponse {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  readonly msg: { readonly raw: string };
  readonly meta: { readonly source_address: string };
  readonly stackTxnId: string;
  /** Where a response of ours is written to. */
  socket: Socket;
  get(name: string): string | undefined;
  send(status: number, options?: { headers?: SrfHeaders; body?: string }): void;
}

export interface SrfDialog extends EventEmitter {
  readonly id: string;
  readonly connected: boolean;
  readonly req: SrfRequest;
  readonly res: SrfResponse;
  readonly sip: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
  readonly local: { readonly uri: string; sdp: string };
  readonly remote: { readonly uri: string; sdp: string };
}

export interface SrfRequestOptions {
  readonly method: string;
  readonly headers?: SrfHeaders;
  readonly body?: string;
  readonly proxy?: string;
  readonly auth?: { readonly username: string; readonly password: string };
  readonly stackDialogId?: string;
  /** Of the INVITE that a CANCEL is for. */
  readonly stackTxnId?: string;
}

export interface SrfUacOptions {
  readonly headers: SrfHeaders;
  readonly localSdp?: string;
  /** For an INVITE without SDP: the answer to the offer of the 2xx is given by hand. */
  readonly noAck?: true;
  readonly proxy?: string;
  readonly auth?: { readonly username: string; readonly password: string };
}

export interface Srf extends EventEmitter {
  connect(options: { readonly host: string; readonly port: number; readonly secret: string }): void;
  disconnect(): void;
  use(method: string, handler: (request: SrfRequest, response: SrfResponse) => void): void;
  request(uri: string, options: SrfRequestOptions, done: (error: Error | null, request?: SrfRequest) => void): void;
  createUAC(
    uri: string,
    options: SrfUacOptions,
    progress: { readonly cbRequest: (error: Error | null, request?: SrfRequest) => void; readonly cbProvisional: (response: SrfResponse) => void },
    done: (error: SrfRefusal | null, dialog?: SrfDialog | SrfUnacknowledged) => void,
  ): void;
  createUAS(
    request: SrfRequest, response: SrfResponse, options: { readonly localSdp: string; readonly headers?: SrfHeaders },
    done: (error: Error | string | null, dialog?: SrfDialog) => void,
  ): void;
  readonly app: { readonly client?: { readonly wp: EventEmitter } };
}

/** An answered INVITE whose 2xx holds the offer. */
export interface SrfUnacknowledged {
  readonly sdp: string;
  ack(sdp: string): Promise<SrfDialog>;
}

/** What createUAC fails with. */
export interface SrfRefusal extends Error {
  readonly status?: number;
  readonly reason?: string;
  readonly res?: SrfResponse;
}

const load = createRequire(import.meta.url);

export function createSrf(): Srf {
  const Constructor = load('drachtio-srf') as new () => Srf;
  return new Constructor();
}

/** True when the server refused; else the error is of the way to it. */
export function isServersWord(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ENODIALOG' || code === 'EDRACHTIO';
}

/** Sends requests and waits for their final responses. */
export class Asker {
  private readonly srf: Srf;
  /** The client forgets what it waits for when its connection ends. */
  private readonly waiting = new Set<(error: Error) => void>();

  constructor(srf: Srf) {
    this.srf = srf;
  }

  /**
   * By callback, not by the client's promise: the response may come in the same piece of data as the confirmation of the request, before a
   * promise would have had its turn. A 2xx of an INVITE is acknowledged.
   */
  ask(uri: string, options: SrfRequestOptions): Promise<SrfResponse> {
    return new Promise((resolve, reject) => {
      const end = (): boolean => this.waiting.delete(fail);
      const fail = (error: Error): void => {
        if (end()) reject(error);
      };
      this.waiting.add(fail);
      try {
        this.srf.request(uri, options, (error, request) => {
          if (request === undefined) {
            fail(error ?? new Error('drachtio-server did not send the request'));
            return;
          }
          request.on('response', (response: SrfResponse, acknowledge: () => void) => {
            if (response.status < 200) return;
            // The server acknowledges a refusal by itself.
            if (options.method === 'INVITE' && response.status < 300) acknowledge();
            if (end()) resolve(response);
          });
        });
      } catch (error) {
        // The client throws where it has no connection.
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** By dialog id and not by the client's dialog: its connection may have been lost and made anew since. */
  inDialog(dialogId: string, method: string, headers: SrfHeaders = {}, body?: string): Promise<SrfResponse> {
    return this.ask('sip:placeholder', { method, stackDialogId: dialogId, headers, ...(body === undefined ? {} : { body }) });
  }

  connectionLost(): void {
    for (const fail of [...this.waiting]) fail(new Error('the connection to drachtio-server was lost'));
  }
}

/**
 * The client throws out of its data handler when a frame is corrupted (seen with megabytes of backlog), which would end the process. Here
 * it costs the connection: it is destroyed, and the client's own reconnection begins with clean framing.
 */
export function guardFraming(socket: Socket, told: (error: Error) => void): void {
  const [read] = socket.listeners('data') as ((chunk: Buffer) => void)[];
  if (read === undefined) return;
  socket.off('data', read);
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      told(failure);
      socket.destroy();
    }
  });
}
