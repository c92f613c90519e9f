import type { DialogSnapshot, SipStack, SipStackOptions } from '../port.ts';
import { createNativeSipStack } from '../native/stack.ts';

/**
 * Ends an INVITE of a server that died, in its name, for one of which the peer's tag is not known: a CANCEL belongs to the INVITE whose Via it
 * repeats, wherever it comes from (RFC 3261 9.2, 17.2.3), and no other drachtio-server can be told which Via to write. It leaves from an
 * address of this process: a peer that knows its callers by their address may be deaf to it.
 */
export class InItsName {
  private readonly options: SipStackOptions;
  private stack: Promise<SipStack> | undefined;

  constructor({ host, realm, userAgent, t1Ms }: SipStackOptions) {
    this.options = {
      host, realm, userAgent, port: 0, transports: ['udp', 'tcp'], ...(t1Ms === undefined ? {} : { t1Ms }),
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    };
  }

  async end(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
    const [, via, branch] = /^(SIP\/2\.0\/\w+ [^;\s]+).*?;branch=([^;\s]+)/.exec(snapshot.via ?? '') ?? [];
    if (via === undefined || branch === undefined) return { ended: false };
    this.stack ??= this.started();
    return (await this.stack).endOrphan({ ...snapshot, via, inviteBranch: branch });
  }

  private async started(): Promise<SipStack> {
    const stack = createNativeSipStack(this.options);
    await stack.start();
    return stack;
  }

  async stop(): Promise<void> {
    await (await this.stack?.catch(() => undefined))?.stop();
  }
}
