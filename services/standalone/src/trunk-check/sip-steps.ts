import type { Trunk } from '@ritmo/domain';
import type { OptionsResult, SipAddress, SipStack } from '@ritmo/sip';
import { fails, ok, skipped, warns, type Step } from './step.ts';

/** What a carrier's answers mean to the one who configured the trunk. */

export async function checkOptions(sip: SipStack, address: SipAddress, timeoutMs: number): Promise<Step> {
  const result = await sip.options(address, timeoutMs);
  return optionsStep(result, timeoutMs);
}

export function optionsStep(result: OptionsResult, timeoutMs: number): Step {
  const { reachable, code, roundTripMs, error } = result;
  if (!reachable) {
    return fails('options', `no answer to OPTIONS within ${timeoutMs / 1000} s${error === undefined || error.includes('no answer') ? '' : ` (${error})`}`, 'a firewall, a wrong port, or your address is not on the carrier’s list: carriers are silent to strangers');
  }
  const time = roundTripMs === undefined ? '' : ` in ${Math.round(roundTripMs)} ms`;
  if (code === 403) return warns('options', `OPTIONS is answered with 403 Forbidden${time}`, 'the carrier may not know your address: ask whether it is on its list');
  if (code !== undefined && code >= 500) return warns('options', `OPTIONS is answered with ${code}${time}`, 'the carrier’s server is there and in trouble: calls may fail');
  return ok('options', `OPTIONS is answered with ${code ?? 200}${time}: somebody speaks SIP there`);
}

/** `answers`: of the ladder, the codes that came to REGISTERs. */
export async function checkRegistration(sip: SipStack, trunk: Trunk, address: SipAddress, of: { readonly timeoutMs: number; readonly answers: () => readonly string[] }): Promise<readonly Step[]> {
  const { username, password } = trunk;
  if (!trunk.register) {
    const why = username === undefined ? 'the trunk has no user name: the carrier knows you by your address' : 'register is off; the password is proven by a call (--number)';
    return [skipped('registration', 'register is off'), skipped('authentication', why)];
  }
  if (username === undefined) return [fails('registration', 'register is on, and there is no user name', 'give `username` and `password`, or turn `register` off'), skipped('authentication', 'nothing to prove')];
  const state = await registerOnce(sip, { username, password: password ?? '', domain: trunk.host, address, timeoutMs: of.timeoutMs });
  return registrationSteps(state, username, { hasPassword: password !== undefined && password !== '', challenged: of.answers().some((code) => code === '401' || code === '407') });
}

interface RegistrationState {
  readonly registered: boolean;
  readonly code?: number;
  readonly error?: string;
}

function registerOnce(sip: SipStack, asked: { username: string; password: string; domain: string; address: SipAddress; timeoutMs: number }): Promise<RegistrationState> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ registered: false, error: `no answer within ${asked.timeoutMs / 1000} s` }), asked.timeoutMs);
    const registration = sip.register({
      registrar: asked.address, user: asked.username, domain: asked.domain, credentials: { username: asked.username, password: asked.password }, expiresS: 60,
      changed: (state) => end(state),
    });
    let isOver = false;
    function end(state: RegistrationState): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      // What was registered for the check is taken back. A registrar that went silent is not waited for.
      const patience = setTimeout(() => resolve(state), 1_000);
      void Promise.resolve()
        .then(() => registration.stop())
        .finally(() => {
          clearTimeout(patience);
          resolve(state);
        });
    }
  });
}

export function registrationSteps(state: RegistrationState, username: string, { hasPassword, challenged }: { readonly hasPassword: boolean; readonly challenged: boolean }): readonly Step[] {
  const { registered, code, error } = state;
  if (registered) return [ok('registration', `registered as ${username}, and taken back`), ok('authentication', 'user name and password are accepted')];
  const notRegistered = (seen: string, todo: string): readonly Step[] => [fails('registration', seen, todo), skipped('authentication', 'the registration did not come that far')];
  const refused = (seen: string, todo: string): readonly Step[] => [fails('registration', `not registered: ${code ?? 'no answer to the password'}`, 'see authentication'), fails('authentication', seen, todo)];
  switch (code) {
    case undefined:
      if (challenged) return refused(`the carrier asked for a password, and fell silent when it got that of ${username}`, 'correct `password`; carriers that ban an address after wrong ones do it so: ask it whether yours is banned');
      return notRegistered(`REGISTER: ${error ?? 'no answer'}`, 'this may not be a registrar, or a firewall lets OPTIONS through and nothing else');
    case 401:
    case 407:
      return refused(hasPassword ? `the carrier asks for a password and does not take the one of ${username} (${code} again)` : `the carrier asks for a password and the trunk has none (${code})`, hasPassword ? 'correct `password`; look for spaces and for a password of another account' : 'give `password`');
    case 403:
      return refused(`the carrier forbids ${username} (403): a wrong password, a blocked account, or an address that is not on its list; carriers say the same for all three`, 'correct `password`; then ask the carrier about account and address');
    case 404:
    case 410:
      return refused(`the carrier knows no user ${username} (${code})`, 'correct `username`; perhaps also the host: some carriers want their domain there and not an address');
    case 423:
      return notRegistered('the carrier wants longer registrations than it says (423)', 'ask the carrier for its least interval');
    case 405:
    case 501:
      return notRegistered(`the carrier does not take registrations (${code})`, 'turn `register` off: it knows you by your address');
    default:
      return notRegistered(`REGISTER was answered with ${error ?? code}`, code >= 500 ? 'the carrier is in trouble: try again, then ask it' : 'ask the carrier what it wants');
  }
}
