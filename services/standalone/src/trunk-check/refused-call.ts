import type { Trunk } from '@ritmo/domain';
import { outcomeReason, type WireEnd } from '@ritmo/sip';
import { fails, ok, skipped, type Step } from './step.ts';

const notThatFar = skipped('codec', 'the call did not come that far');
const oursIsG711 = 'ask which G.711 it takes (PCMA in Brazil); Ritmo speaks PCMA and PCMU';

/** What a test call that nobody answered says of the trunk, and what of the number. `answers`: the codes that came to its INVITE. */
export function refusedCallSteps(end: WireEnd, trunk: Trunk, answers: readonly string[]): readonly Step[] {
  const seen = outcomeReason(end);
  const code = end.sipCode;
  const failed = (todo?: string, what = seen): Step => ({ name: 'call', result: 'fails', seen: what, ...(todo === undefined ? {} : { todo }) });
  const worked = (todo: string): Step => ({ name: 'call', result: 'warns', seen, todo });
  if (end.by === 'local') return [notThatFar, failed('let it ring longer', 'the check was interrupted, and the call taken back')];
  if (answers.length === 0) {
    return [notThatFar, failed('is your address on its list for calls too? Does a firewall drop packets over 1,300 bytes? Try `transport: tcp`', 'not one answer came to the INVITE, not even 100 Trying')];
  }
  if (end.by === 'transport') return [notThatFar, failed('the connection broke during the call: ask the carrier')];
  if (end.by === 'timeout' && answers.every((each) => each === '100')) {
    return [notThatFar, failed('its way onward is broken: ask the carrier, with the Call-ID in the ladder', 'the carrier took the call (100 Trying), and neither ringing nor refusal came')];
  }
  if (code === 488 || code === 606 || code === 415 || end.q850 === 65 || end.q850 === 88) {
    return [fails('codec', `the carrier takes none of the codecs offered (${code ?? `Q.850 ${end.q850}`}): ${trunk.codecs.join(', ')}`, oursIsG711), failed()];
  }
  if (code === 401 || code === 407) {
    const which = trunk.username === undefined ? 'the carrier asks calls for a password, and the trunk has none' : `the carrier does not take the password of ${trunk.username} for calls`;
    return [fails('authentication', `${which} (${code})`, 'give or correct `username` and `password`'), notThatFar, failed()];
  }
  if (code === 403) {
    const pages = 'the account may not call this kind of number, the caller id is not yours, or your address is not on the list';
    // A password that was asked for and then forbidden is, as a rule, a wrong one.
    const challenged = answers.includes('401') || answers.includes('407');
    return challenged ? [fails('authentication', `the carrier asked for a password, and forbids the call with that of ${trunk.username ?? 'nobody'} (403)`, `correct \`password\`; if it is right: ${pages}`), notThatFar, failed()] : [notThatFar, failed(pages)];
  }
  if (code === 404 || code === 484 || code === 604 || end.q850 === 1 || end.q850 === 28) {
    return [ok('codec', 'the carrier looked at the number and not at the codecs'), failed(`is the number right, and does the carrier want it so? dialFormat is ${trunk.dialFormat}`)];
  }
  if (code === 486 || code === 480 || code === 487 || code === 408 || code === 600 || code === 603 || end.by === 'timeout') {
    return [skipped('codec', 'nobody picked up'), worked('the trunk carried the call; call a number that answers to hear whether sound passes')];
  }
  if (code === 503) return [notThatFar, failed('the carrier has no room or is in trouble: are more channels in use than your contract has? Try again, then ask it, with the Call-ID in the ladder')];
  return [notThatFar, failed('ask the carrier, with the Call-ID in the ladder')];
}
