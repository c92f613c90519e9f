import type {
  Binding, DialogSnapshot, OptionsResult, OutgoingCall, OutgoingInvite, SipAddress, SipStack, SipStackOptions, SipStackStats, TrunkRegistration,
  TrunkRegistrationRequest,
} from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { tracedSender } from '../transport/trace.ts';
import { Transports } from '../transport/transports.ts';
import { newBranch, newTag, randomHex } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import { hostPortText } from '../wire/uri.ts';
import { LoadSampler } from './admission.ts';
import { assemble, emptyStats } from './assemble.ts';
import { trouble } from './core.ts';
import type { Core } from './core.ts';
import { snapshotOf } from './invite-draft.ts';
import { endOrphan } from './orphan.ts';
import { OutgoingAttempt } from './outgoing.ts';
import type { Registrar } from './registrar.ts';
import { AVOID_MS } from './server-choice.ts';
import { NativeTrunkRegistration } from './trunk-registration.ts';

/** The native SIP engine: an RFC 3261 user agent and registrar over UDP, TCP and TLS. */
export function createNativeSipStack(options: SipStackOptions): SipStack {
  return new NativeSipStack(options);
}

class NativeSipStack implements SipStack {
  /** It is this process. */
  readonly isUp = true;
  private readonly core: Core;
  private readonly transports: Transports;
  private readonly registrar: Registrar;
  private readonly sampler: LoadSampler;

  constructor(options: SipStackOptions) {
    const { trace } = options;
    const stats = emptyStats();
    const tell = (error: Error): void => trouble(this.core, error);
    const wheel = new TimerWheel(tell);
    this.transports = new Transports(options, {
      opens: (packet, host, port) => router.opens(packet, host, port),
      message: (wire, flow) => {
        if (trace !== undefined) trace({ direction: 'received', peer: { host: flow.host, port: flow.port, transport: flow.transport }, wire });
        router.receive(wire, flow);
      },
      trouble: tell,
      dropped: () => stats.dropped++,
      probed: (probe) => this.sampler.arrived(probe),
    });
    const { core, router, registrar } = assemble(options, wheel, trace === undefined ? this.transports : tracedSender(this.transports, trace), stats);
    this.core = core;
    this.registrar = registrar;
    this.sampler = new LoadSampler(core.admission);
  }

  get stats(): SipStackStats {
    return this.core.stats;
  }

  start(): Promise<{ readonly host: string; readonly port: number; readonly tlsPort?: number }> {
    return this.listen();
  }

  private async listen(): Promise<{ readonly host: string; readonly port: number; readonly tlsPort?: number }> {
    const bound = await this.transports.bind();
    this.sampler.start((probe) => this.transports.probe(probe));
    return bound;
  }

  stop(): Promise<void> {
    this.sampler.stop();
    this.core.wheel.stop();
    this.transports.close();
    this.core.dialogs.clear();
    return Promise.resolve();
  }

  invite(request: OutgoingInvite): OutgoingCall {
    return new OutgoingAttempt(this.core, request);
  }

  snapshotOf(request: Omit<OutgoingInvite, 'events' | 'body'>): DialogSnapshot {
    return snapshotOf(this.core, request);
  }

  async locate(target: SipAddress): Promise<readonly SipAddress[]> {
    return this.transports.locate(target) ?? [target];
  }

  async options(target: SipAddress, timeoutMs: number): Promise<OptionsResult> {
    let result: OptionsResult = { reachable: false };
    try {
      const servers = await this.locate(target);
      for (const server of servers) {
        result = await new Promise<OptionsResult>((resolve) => new Probe(this.core, target, server, timeoutMs, resolve));
        if (result.reachable) break;
        if (servers.length > 1) this.core.transports.avoid(server, AVOID_MS);
      }
    } catch (error) {
      result = { reachable: false, error: (error as Error).message };
    }
    return result;
  }

  register(request: TrunkRegistrationRequest): TrunkRegistration {
    return new NativeTrunkRegistration(this.core, request);
  }

  bindingOf(user: string): Binding | undefined {
    return this.registrar.bindingOf(user);
  }

  endOrphan(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
    return endOrphan(this.core, snapshot);
  }
}

/** One OPTIONS sent to see whether a peer lives (RFC 3261 11). Any final response is a sign of life. */
class Probe implements ClientOwner {
  private readonly core: Core;
  private readonly resolve: (result: OptionsResult) => void;
  private readonly sentAt = performance.now();
  private readonly timer: WheelTimer;
  private readonly transaction: ClientTransaction;

  constructor(core: Core, target: SipAddress, server: SipAddress, timeoutMs: number, resolve: (result: OptionsResult) => void) {
    this.core = core;
    this.resolve = resolve;
    this.timer = core.wheel.start(this, 0, timeoutMs);
    const uri = `sip:${hostPortText(target.host, target.port)}`;
    const contact = core.transports.contactOf(server.transport);
    this.transaction = core.transactions.request({
      method: 'OPTIONS', uri, branch: newBranch(), from: `<sip:ritmo@${core.transports.hostOf()}>;tag=${newTag()}`, to: `<${uri}>`,
      callId: randomHex(12), cseq: 1, routes: [], headers: `Contact: ${contact}\r\nAccept: application/sdp\r\n${core.lines.inviteCapabilities}`, body: '',
    }, server, this);
  }

  received(_transaction: ClientTransaction, response: SipMessage, _flow: Flow): void {
    if (response.status < 200) return;
    this.core.wheel.cancel(this.timer);
    this.resolve({ reachable: true, code: response.status, roundTripMs: performance.now() - this.sentAt });
  }

  unanswered(_transaction: ClientTransaction, _cause: 'timeout' | 'transport', error: Error): void {
    this.core.wheel.cancel(this.timer);
    this.resolve({ reachable: false, error: error.message });
  }

  timerFired(): void {
    this.transaction.abandon();
    this.resolve({ reachable: false, error: 'no answer to OPTIONS' });
  }
}
