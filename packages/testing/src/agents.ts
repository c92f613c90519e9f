/** Agents with softphones: they register, answer, miss a call now and then, talk, hang up or are hung up on, and wrap up. */
import { createNativeSipStack, type CallEvents, type EstablishedCall, type IncomingCall, type SipStack, type TrunkRegistration } from '@ritmo/sip';
import { readPhoneSdp } from './phone-sdp.ts';
import { PhoneSound } from './phone.ts';
import type { AgentAccount, AgentsOptions, AgentsStats, HandledCall, SimulatedAgents } from './agents-port.ts';
import { createRandom, hashOf, type Random } from './random.ts';
import { RtpTalker } from './rtp-talker.ts';
import { toneOfNumber } from './tone.ts';

/** The frequency that an agent sings. */
export function toneHzOfExtension(extension: string): number {
  return toneOfNumber(hashOf(extension, 7));
}

export async function startAgents(options: AgentsOptions): Promise<SimulatedAgents> {
  const agents = new Agents(options);
  await agents.start();
  return agents;
}

const DEAF_AFTER_MS = 2000;

interface AgentState {
  readonly account: AgentAccount;
  readonly random: Random;
  registration: TrunkRegistration | undefined;
  registered: boolean;
  call: EstablishedCall | undefined;
  ringing: IncomingCall | undefined;
  offers: number;
  answered: number;
  missed: number;
}

class Agents implements SimulatedAgents {
  readonly host: string;
  port = 0;
  private options: AgentsOptions;
  private readonly stack: SipStack;
  private readonly agents = new Map<string, AgentState>();
  private readonly counts = {
    registrationsFailed: 0,
    offeredWhileBusy: 0,
    hungUpByAgent: 0,
    hungUpByFarEnd: 0,
    callsCutShort: 0,
    packetsHeard: 0,
    deafCalls: 0,
    wrapUps: 0,
    wrapUpErrors: 0,
  };
  private readonly timers = new Set<NodeJS.Timeout>();
  private muted: RtpTalker | undefined;

  constructor(options: AgentsOptions) {
    this.options = options;
    this.host = options.host ?? '127.0.0.1';
    const random = createRandom(options.seed);
    for (const account of options.accounts) {
      this.agents.set(account.extension, {
        account,
        random: random.fork(account.extension),
        registration: undefined,
        registered: false,
        call: undefined,
        ringing: undefined,
        offers: 0,
        answered: 0,
        missed: 0,
      });
    }
    this.stack = createNativeSipStack({
      host: this.host,
      port: options.port ?? 0,
      transports: [options.transport ?? 'udp'],
      realm: 'agents.test',
      userAgent: 'Ritmo simulated agent',
      ...(options.t1Ms === undefined ? {} : { t1Ms: options.t1Ms }),
      handlers: {
        classify: () => 'trunk',
        credentialsOf: () => undefined,
        incoming: (call) => this.incoming(call),
        registered: () => undefined,
        unregistered: () => undefined,
      },
    });
  }

  async start(): Promise<void> {
    const { port } = await this.stack.start();
    this.port = port;
    if (this.options.speaks === false) this.muted = await RtpTalker.open({ host: this.host, words: Buffer.alloc(160, 0xd5), ssrc: 1 });
    for (const agent of this.agents.values()) this.register(agent);
  }

  private register(agent: AgentState): void {
    const { registrar, transport, domain, expiresS } = this.options;
    const { extension, password } = agent.account;
    agent.registration = this.stack.register({
      registrar: { ...registrar, transport: transport ?? 'udp' },
      user: extension,
      domain: domain ?? registrar.host,
      credentials: { username: extension, password },
      expiresS: expiresS ?? 60,
      changed: ({ registered }) => {
        if (registered && !agent.registered) this.options.onRegistered?.(extension);
        if (!registered) this.counts.registrationsFailed += 1;
        agent.registered = registered;
      },
    });
  }

  change(change: Pick<AgentsOptions, 'missP' | 'talkMs' | 'answerDelayMs' | 'hangsUpP'>): void {
    this.options = { ...this.options, ...change };
  }

  private incoming(call: IncomingCall): void {
    const agent = this.agents.get(call.toUser);
    if (!agent) {
      call.reject(404);
      return;
    }
    agent.offers += 1;
    if (agent.call || agent.ringing) {
      this.counts.offeredWhileBusy += 1;
      call.reject(486);
      return;
    }
    agent.ringing = call;
    const offeredAtMs = Date.now();
    const { random } = agent;
    const misses = random.chance(this.options.missP ?? 0);
    const answerDelayMs = random.sample(this.options.answerDelayMs ?? { min: 200, max: 900 });
    call.ring();
    call.onCancel(() => {
      if (agent.ringing !== call) return;
      agent.ringing = undefined;
      agent.missed += 1;
    });
    if (misses) return;
    this.later(answerDelayMs, () => {
      if (agent.ringing === call) this.answer(agent, call, offeredAtMs).catch(() => (agent.ringing = undefined));
    });
  }

  private async answer(agent: AgentState, offer: IncomingCall, offeredAtMs: number): Promise<void> {
    const { extension } = agent.account;
    const codecs = this.options.codecs ?? ['PCMA', 'PCMU'];
    const sound = await PhoneSound.open({
      host: this.host,
      codecs,
      toneHz: toneHzOfExtension(extension),
      ssrc: hashOf(offer.sipCallId, 2),
      peer: readPhoneSdp(offer.body, codecs),
      ...(this.muted ? { mutedOn: this.muted } : {}),
    });
    try {
      const answering = offer.answer(sound.sdp);
      sound.talk();
      agent.call = await answering;
    } catch {
      // Cancelled in the moment of the answer.
      if (agent.ringing === offer) agent.missed += 1;
      await sound.close();
      return;
    } finally {
      if (agent.ringing === offer) agent.ringing = undefined;
    }
    agent.answered += 1;
    await this.handle(agent, offer, agent.call, sound, offeredAtMs);
  }

  private async handle(agent: AgentState, offer: IncomingCall, call: EstablishedCall, sound: PhoneSound, offeredAtMs: number): Promise<void> {
    const startedAtMs = performance.now();
    const { random } = agent;
    const talkMs = random.sample(this.options.talkMs ?? { mean: 8000, atLeast: 2000, atMost: 40_000 });
    const hangsUp = random.chance(this.options.hangsUpP ?? 0.5);
    const timer = this.later(hangsUp ? talkMs : (this.options.longestTalkMs ?? 120_000), () => call.hangup());
    const endedBy = await new Promise<HandledCall['endedBy']>((resolve) => {
      const events: CallEvents = {
        ended: (end) => resolve(end.by === 'local' ? 'agent' : end.by === 'remote' ? 'far-end' : 'cut'),
        reoffer: sound.reoffer,
        reanswer: (sdp) => sound.hear(sdp),
      };
      call.listen(events);
    });
    clearTimeout(timer);
    this.timers.delete(timer);
    agent.call = undefined;
    const { packetsHeard } = await sound.close();
    const talkedMs = Math.round(performance.now() - startedAtMs);
    this.count(endedBy, packetsHeard, talkedMs);
    const headers: Record<string, string> = {};
    for (const name of this.options.captureHeaders ?? []) {
      const value = offer.header(name);
      if (value !== undefined) headers[name] = value;
    }
    const handled: HandledCall = {
      extension: agent.account.extension,
      sipCallId: offer.sipCallId,
      customer: offer.fromUser,
      headers,
      offeredAtMs,
      talkMs: talkedMs,
      endedBy,
      packetsHeard,
    };
    this.later(random.sample(this.options.wrapUpMs ?? { min: 300, max: 1500 }), () => void this.wrapUp(handled));
  }

  private count(endedBy: HandledCall['endedBy'], packetsHeard: number, talkedMs: number): void {
    const { counts } = this;
    switch (endedBy) {
      case 'agent':
        counts.hungUpByAgent += 1;
        break;
      case 'far-end':
        counts.hungUpByFarEnd += 1;
        break;
      case 'cut':
        counts.callsCutShort += 1;
        break;
    }
    counts.packetsHeard += packetsHeard;
    if (!this.muted && packetsHeard === 0 && talkedMs >= DEAF_AFTER_MS) counts.deafCalls += 1;
  }

  private async wrapUp(call: HandledCall): Promise<void> {
    this.counts.wrapUps += 1;
    try {
      await this.options.onWrapUp?.(call);
    } catch {
      this.counts.wrapUpErrors += 1;
    }
  }

  private later(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
    return timer;
  }

  stats(): AgentsStats {
    const all = [...this.agents.values()];
    const sum = (of: (agent: AgentState) => number): number => all.reduce((total, agent) => total + of(agent), 0);
    return {
      ...this.counts,
      registered: all.filter((agent) => agent.registered).length,
      offers: sum((agent) => agent.offers),
      answered: sum((agent) => agent.answered),
      missed: sum((agent) => agent.missed),
      talking: all.filter((agent) => agent.call).length,
      byExtension: Object.fromEntries(all.map(({ account, offers, answered, missed }) => [account.extension, { offers, answered, missed }])),
    };
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    const all = [...this.agents.values()];
    for (const agent of all) agent.call?.hangup();
    await Promise.race([
      Promise.all(all.map((agent) => agent.registration?.stop())),
      // A far end that is gone answers no un-REGISTER.
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
    await this.stack.stop();
    await this.muted?.close();
  }
}
