/**
 * An INVITE with Replaces (RFC 3891 3): a phone takes the place of a dialog that its own extension has with us, talking or ringing. Who the
 * extension is was proven by its password, which is what makes the caller the user who is replaced; anybody else is refused.
 */
import type { IncomingCall } from '@ritmo/sip';
import { normalClearing, type Call } from './call/call.ts';
import type { Party } from './call/party.ts';

type Replaces = NonNullable<IncomingCall['replaces']>;

/** Where a phone's dialog stands in a call. */
interface Place {
  readonly call: Call;
  readonly side: 'agent' | 'customer';
  readonly party: Party;
  /** False when somebody else stands there meanwhile. */
  readonly take: (party: Party) => boolean;
}

let taken = 0;

export async function replace(calls: Iterable<Call>, incoming: IncomingCall, replaces: Replaces): Promise<void> {
  const place = incoming.verdict === 'extension' ? placeOf(calls, incoming.fromUser, replaces) : undefined;
  if (!place) {
    incoming.reject(403);
    return;
  }
  const { call, side, party: replaced } = place;
  const leg = await call.session.openLeg(`replacing-${(taken += 1)}`, side);
  const drop = (): void => void leg.close().catch((error: unknown) => call.wires.log.error({ err: error, callId: call.id }, 'a media leg did not close'));
  const party: Party = replaced.successor(leg, {
    up: () => {
      if (call.ended || !place.take(party)) {
        party.hangup();
        drop();
        return;
      }
      replaced.hangup(normalClearing);
      call.freeLeg(replaced);
      if (replaces.early) replaced.cameUp();
      else goOn(place);
      call.remember();
    },
    // What it was to replace stays as it is.
    failed: drop,
  });
  if (party.take(incoming)) party.answer();
  else drop();
}

function goOn({ call, side, party }: Place): void {
  if (party.held) call.sound.held(side, false);
  else void call.recording.stop().then(() => call.sound.talk());
}

/** The stack has matched the tags of both sides: the Call-ID and our own tag tell which of its dialogs it was. */
function placeOf(calls: Iterable<Call>, extension: string, { sipCallId, toTag, early }: Replaces): Place | undefined {
  const isIt = (party: Party | undefined): party is Party => party?.sipCallId === sipCallId && party.snapshot()?.localTag === toTag;
  for (const call of calls) {
    const leg = early ? call.offered : call.agent;
    if (leg?.extension === extension && isIt(leg.party)) {
      const { party } = leg;
      return { call, side: 'agent', party, take: (next) => !leg.over && leg.party === party && Boolean((leg.party = next)) };
    }
    const { customer } = call;
    if (!early && call.caller?.extension === extension && isIt(customer)) {
      return { call, side: 'customer', party: customer, take: (next) => call.customer === customer && Boolean((call.customer = next)) };
    }
  }
  return undefined;
}
