/** How the people behind the simulated carrier's numbers behave. Depends on seed, number and how often it was called, never on timing. */
import type { Distribution, Random } from './random.ts';

export type BehaviourKind = 'answer' | 'busy' | 'no-answer' | 'reject' | 'invalid' | 'early-media' | 'late-answer';

/** Shares of the calls; what is left to 1 answers. */
export interface BehaviourMix {
  readonly busyP?: number;
  readonly noAnswerP?: number;
  readonly rejectP?: number;
  readonly invalidP?: number;
  /** 183 with sound of the network, then an answer. */
  readonly earlyMediaP?: number;
  /** Answers after a long ring. */
  readonly lateAnswerP?: number;
  /** Of those who answered: who hangs up first when the talk is over. The others wait for the far end. Default 0.5. */
  readonly hangsUpFirstP?: number;
  /** From the INVITE to 180. Default 50–250 ms. */
  readonly postDialDelayMs?: Distribution;
  /** From 180 to the answer. Default 1–4 s. */
  readonly answerDelayMs?: Distribution;
  /** The same for `late-answer`. Default 15–25 s. */
  readonly lateAnswerDelayMs?: Distribution;
  /** Default mean 10 s, 2–60 s. */
  readonly talkMs?: Distribution;
  /** How long the network lets a phone ring. Default 60 s. */
  readonly ringOutMs?: Distribution;
  readonly rejectCodes?: readonly number[];
  readonly invalidCodes?: readonly number[];
}

/** What a number does, whatever the mix says. The first rule whose digits end the number dialed holds. */
export interface NumberRule {
  readonly lastDigits: string;
  readonly behaviour: BehaviourKind;
  readonly sipCode?: number;
  readonly postDialDelayMs?: Distribution;
  readonly answerDelayMs?: Distribution;
  readonly talkMs?: Distribution;
  readonly hangsUpFirst?: boolean;
}

export interface CallPlan {
  readonly kind: BehaviourKind;
  readonly postDialDelayMs: number;
  /** Undefined: never answers. */
  readonly answerDelayMs: number | undefined;
  readonly earlyMedia: boolean;
  readonly talkMs: number;
  readonly hangsUpFirst: boolean;
  /** The final refusal; for `no-answer` after the ring-out. */
  readonly sipCode: number;
  readonly ringOutMs: number;
}

const DEFAULT_REJECT_CODES = [603, 403, 480];
const DEFAULT_INVALID_CODES = [404, 484, 604];

export function planCall(number: string, random: Random, mix: BehaviourMix, rules: readonly NumberRule[]): CallPlan {
  const rule = rules.find((each) => number.endsWith(each.lastDigits));
  // Always the same number of draws, so that a rule changes one number and no other thing.
  const drawn = draw(random, mix);
  const kind = rule?.behaviour ?? drawn;
  const answers = kind === 'answer' || kind === 'early-media' || kind === 'late-answer';
  const answerDelay = kind === 'late-answer' ? (mix.lateAnswerDelayMs ?? { min: 15_000, max: 25_000 }) : (mix.answerDelayMs ?? { min: 1000, max: 4000 });
  const postDialDelayMs = random.sample(rule?.postDialDelayMs ?? mix.postDialDelayMs ?? { min: 50, max: 250 });
  const answerDelayMs = random.sample(rule?.answerDelayMs ?? answerDelay);
  const talkMs = random.sample(rule?.talkMs ?? mix.talkMs ?? { mean: 10_000, atLeast: 2000, atMost: 60_000 });
  const hangsUpFirst = random.chance(mix.hangsUpFirstP ?? 0.5);
  return {
    kind,
    postDialDelayMs,
    answerDelayMs: answers ? answerDelayMs : undefined,
    earlyMedia: kind === 'early-media',
    talkMs,
    hangsUpFirst: rule?.hangsUpFirst ?? hangsUpFirst,
    ringOutMs: random.sample(mix.ringOutMs ?? 60_000),
    sipCode: rule?.sipCode ?? refusalCode(kind, random, mix),
  };
}

function draw(random: Random, mix: BehaviourMix): BehaviourKind {
  let left = random.next();
  const shares: readonly (readonly [BehaviourKind, number | undefined])[] = [
    ['busy', mix.busyP],
    ['no-answer', mix.noAnswerP],
    ['reject', mix.rejectP],
    ['invalid', mix.invalidP],
    ['early-media', mix.earlyMediaP],
    ['late-answer', mix.lateAnswerP],
  ];
  for (const [kind, share] of shares) {
    left -= share ?? 0;
    if (left < 0) return kind;
  }
  return 'answer';
}

function refusalCode(kind: BehaviourKind, random: Random, mix: BehaviourMix): number {
  const pick = (codes: readonly number[]): number => codes[random.integer(0, codes.length - 1)] ?? 480;
  switch (kind) {
    case 'busy':
      return 486;
    case 'reject':
      return pick(mix.rejectCodes ?? DEFAULT_REJECT_CODES);
    case 'invalid':
      return pick(mix.invalidCodes ?? DEFAULT_INVALID_CODES);
    case 'no-answer':
    case 'answer':
    case 'early-media':
    case 'late-answer':
      return 480;
  }
}
