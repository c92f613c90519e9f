/** Runs the core: takes what happened, carries out the effects, and wakes it when something becomes due. */
import type { Bus, Requests } from '@ritmo/bus';
import { NoResponderError } from '@ritmo/bus';
import type { Clock, Journal } from '@ritmo/service-kit';
import type { Logger } from 'pino';
import { nextDueAt, step, type Input } from './core/acd-core.ts';
import type { Core, Effect } from './core/model.ts';
import type { AcdMetrics } from './metrics.ts';

export interface Shell {
  act(input: Input): void;
  stop(): void;
}

/** A leg that must be gone before the next agent is rung for the same call. */
const makesRoom = ({ kind }: Effect): boolean => kind === 'cancel-offer' || kind === 'drop-agent';

/**
 * A caller who is offered at once hears music only after this: a phone that answers by itself has answered by then, and neither a file is
 * opened nor a stream begun for nothing.
 */
const musicAfterOfferMs = 150;

/** Telephony answers offers at once; a slower answer is a lost one. */
const requestTimeoutMs = 3_000;

export function createShell(parts: {
  readonly core: Core;
  readonly bus: Bus;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: AcdMetrics;
}): Shell {
  const { core, bus, journal, clock, log, metrics } = parts;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let stopped = false;

  const act = (input: Input): void => {
    if (stopped) return;
    const effects = step(core, input, clock.nowMs());
    // Offers first, and what makes room for them: everything else may wait.
    for (const effect of effects) {
      if (effect.kind === 'offer') makeOffer(effect);
      else if (makesRoom(effect)) perform(effect);
    }
    const offered = effects.find((effect) => effect.kind === 'offer')?.request.callId;
    for (const effect of effects) {
      if (effect.kind === 'offer' || makesRoom(effect)) continue;
      if (effect.kind === 'play' && effect.loop && effect.callId === offered) playLater(effect);
      else perform(effect);
    }
    arm();
  };

  const arm = (): void => {
    const dueAt = nextDueAt(core) ?? Infinity;
    if (dueAt === timerAt) return;
    clearTimeout(timer);
    timerAt = dueAt;
    if (dueAt === Infinity) return;
    timer = setTimeout(() => {
      timerAt = Infinity;
      act({ kind: 'tick' });
    }, Math.max(1, dueAt - clock.nowMs()));
  };

  const makeOffer = ({ request, answeredAt }: Extract<Effect, { kind: 'offer' }>): void => {
    if (request.legId.endsWith('/1')) metrics.offered(Math.max(0, clock.nowMs() - answeredAt) / 1000);
    const { callId, legId } = request;
    bus.request('telephony.offer', request, { timeoutMs: requestTimeoutMs }).then(
      (reply) => {
        if (reply.ok) return;
        if (reply.code === 'unknown-call') act({ kind: 'offer-withdrawn', callId, legId });
        else act({ kind: 'offer-missed', callId, legId, reason: 'unreachable' });
      },
      (error: unknown) => {
        // Every process of telephony declined: the call is gone. Else the guard of the offer decides.
        if (error instanceof NoResponderError) act({ kind: 'offer-withdrawn', callId, legId });
        else log.warn({ err: error, callId }, 'telephony did not answer an offer');
      },
    );
  };

  const perform = (effect: Exclude<Effect, { kind: 'offer' }>): void => {
    switch (effect.kind) {
      case 'record':
        metrics.fact(effect.fact);
        journal.record(effect.streamId, effect.fact);
        return;
      case 'agent-state':
        bus.publish('signal.agent-state', effect.state);
        return;
      case 'cancel-offer':
        return ask('telephony.cancel-offer', { callId: effect.callId, legId: effect.legId });
      case 'drop-agent':
        return ask('telephony.drop-agent', { callId: effect.callId, legId: effect.legId });
      case 'hangup':
        return ask('telephony.hangup', { callId: effect.callId, by: effect.by, reason: effect.reason });
      case 'play':
        return play(effect);
    }
  };

  /** What is refused because the call is gone needs no answer: its end is on its way. */
  const ask = <S extends 'telephony.cancel-offer' | 'telephony.drop-agent' | 'telephony.hangup'>(subject: S, request: Requests[S]['request']): void => {
    bus.request(subject, request).catch((error: unknown) => {
      if (!(error instanceof NoResponderError)) log.warn({ err: error, subject, request }, 'telephony did not answer');
    });
  };

  const playLater = (effect: Extract<Effect, { kind: 'play' }>): void => {
    const timer = setTimeout(() => {
      const phase = core.calls.get(effect.callId)?.phase.kind;
      if (!stopped && (phase === 'waiting' || phase === 'offering')) play(effect);
    }, musicAfterOfferMs);
    timer.unref();
  };

  const play = ({ callId, file, loop, thenHangup }: Extract<Effect, { kind: 'play' }>): void => {
    const hangup = (): void => {
      if (thenHangup) ask('telephony.hangup', { callId, by: 'system', reason: 'the message could not be played' });
    };
    bus.request('telephony.play', { callId, file, loop, thenHangup }).then(
      (reply) => {
        if (reply.ok || reply.code === 'unknown-call') return;
        log.error({ callId, file }, 'the sound file does not exist');
        hangup();
      },
      (error: unknown) => {
        if (error instanceof NoResponderError) return;
        log.warn({ err: error, callId }, 'telephony did not answer');
        hangup();
      },
    );
  };

  return {
    act,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
