/** What becomes of a request where several processes serve its subject: the same over every adapter. */
import type { Requests, RequestSubject } from './messages.ts';

const unknownCall = { ok: false, code: 'unknown-call' } as const;
const trunkDown = { ok: false, code: 'trunk-down' } as const;

/** The reply when every process declines an owner request: none has the call, or the trunk. Without one it is NoResponderError. */
const declined: { readonly [S in RequestSubject]?: Requests[S]['reply'] } = {
  'telephony.offer': unknownCall,
  'telephony.cancel-offer': unknownCall,
  'telephony.drop-agent': unknownCall,
  'telephony.hangup': unknownCall,
  'telephony.play': unknownCall,
  'telephony.answer': unknownCall,
  'telephony.reject': unknownCall,
  'telephony.transfer-out': unknownCall,
  'telephony.refuse-transfer': unknownCall,
  'telephony.join': unknownCall,
  'telephony.take-internal': unknownCall,
  'telephony.turn': unknownCall,
  'telephony.take-over': unknownCall,
  'telephony.dial-for-agent': trunkDown,
};

/** Requests that every process answers for what is its own: how the replies become one. */
const unions: { readonly [S in RequestSubject]?: (replies: readonly Requests[S]['reply'][]) => Requests[S]['reply'] } = {
  'telephony.calls': (replies) => ({ node: replies.map(({ node }) => node).sort().join(' '), calls: replies.flatMap(({ calls }) => calls) }),
  'telephony.trunks': (replies) => ({ trunks: replies.flatMap(({ trunks }) => trunks) }),
  // Each process knows the others' as well; the newest word on an extension counts.
  'telephony.bindings': (replies) => {
    const newest = new Map(replies.flatMap(({ bindings }) => bindings).sort((a, b) => a.expiresAt - b.expiresAt).map((binding) => [binding.extension, binding]));
    return { bindings: [...newest.values()] };
  },
};

export const replyWhenDeclined = (subject: string): unknown => declined[subject as RequestSubject];

export function unionOf(subject: string): ((replies: readonly unknown[]) => unknown) | undefined {
  return unions[subject as RequestSubject] as ((replies: readonly unknown[]) => unknown) | undefined;
}
