/** Reads settings from environment variables over those of the file. Every bad one is told at once. */
export class EnvironmentError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'EnvironmentError';
    this.problems = problems;
  }
}

export interface EnvironmentReader {
  text(name: string): string | undefined;
  text(name: string, fallback: string): string;
  /** 0 takes a free port. */
  port(name: string, fallback: number): number;
  /** `20000-29999`. */
  portRange(name: string, fallback: readonly [number, number]): readonly [number, number];
  integer(name: string, fallback: number, limits?: { readonly min?: number; readonly max?: number }): number;
  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T;
  /** Throws EnvironmentError when any variable read so far was bad. */
  assertGood(): void;
}

export function readEnvironment(env: Readonly<Record<string, string | undefined>>): EnvironmentReader {
  const problems: string[] = [];
  const raw = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const integer = (name: string, fallback: number, limits: { readonly min?: number; readonly max?: number } = {}): number => {
    const value = raw(name);
    if (value === undefined) return fallback;
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = limits;
    const number = Number(value);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    problems.push(`${name}=${value}: give a whole number from ${min} to ${max}`);
    return fallback;
  };
  function text(name: string): string | undefined;
  function text(name: string, fallback: string): string;
  function text(name: string, fallback?: string): string | undefined {
    return raw(name) ?? fallback;
  }
  return {
    text,
    integer,
    port: (name, fallback) => integer(name, fallback, { min: 0, max: 65_535 }),
    portRange(name, fallback) {
      const value = raw(name);
      if (value === undefined) return fallback;
      const match = /^(\d{1,5})-(\d{1,5})$/.exec(value);
      const [low, high] = [Number(match?.[1]), Number(match?.[2])];
      if (match && low >= 1024 && high <= 65_535 && high > low) return [low, high];
      problems.push(`${name}=${value}: give two ports from 1024 to 65535 with a hyphen, such as 20000-29999`);
      return fallback;
    },
    choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
      const value = raw(name);
      if (value === undefined) return fallback;
      const chosen = choices.find((choice) => choice === value);
      if (chosen !== undefined) return chosen;
      problems.push(`${name}=${value}: give one of ${choices.join(', ')}`);
      return fallback;
    },
    assertGood() {
      if (problems.length > 0) throw new EnvironmentError(problems);
    },
  };
}
