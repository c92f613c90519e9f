import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { endWhenOutputCloses } from '@ritmo/runtime/output';

/** A default, whose type is the flag's type, and what the flag is for. */
type FlagSpec = readonly [number, string] | readonly [boolean, string] | readonly [string, string];
type FlagValue<Spec extends FlagSpec> = Spec[0] extends number ? number : Spec[0] extends boolean ? boolean : string;

export type BenchFlags<Specs extends Readonly<Record<string, FlagSpec>>> = { readonly [Name in keyof Specs]: FlagValue<Specs[Name]> };

/**
 * The flags of a command that measures. `--help` prints `about` and every flag with its default and ends with 0; an unknown flag, or a number that is
 * none, ends with 2 and says which. Every command knows `--json`, and ends quietly when nobody reads it any more.
 */
export function benchFlags<const Specs extends Readonly<Record<string, FlagSpec>>>(about: string, specs: Specs, argv: readonly string[] = process.argv.slice(2)): BenchFlags<Specs & { json: readonly [boolean, string] }> {
  endWhenOutputCloses();
  const all: Record<string, FlagSpec> = { ...specs, json: [false, 'one JSON object as the last line'] };
  const fail = (message: string): never => {
    process.stderr.write(`${basename(process.argv[1] ?? 'bench', '.ts')}: ${message}\n\n${usage(about, all)}`);
    return process.exit(2);
  };
  try {
    const options = Object.fromEntries(Object.entries(all).map(([name, [fallback]]) => [name, { type: typeof fallback === 'boolean' ? ('boolean' as const) : ('string' as const) }]));
    const parsed = parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean', short: 'h' } } });
    const values: Readonly<Record<string, string | boolean | undefined>> = parsed.values;
    if (values['help'] === true) {
      process.stdout.write(usage(about, all));
      process.exit(0);
    }
    const read = ([name, [fallback]]: [string, FlagSpec]): [string, number | boolean | string] => {
      const given = values[name];
      if (given === undefined) return [name, fallback];
      if (typeof fallback !== 'number') return [name, given];
      const number = Number(given);
      return Number.isFinite(number) && number >= 0 && given !== '' ? [name, number] : fail(`--${name} wants a number, not "${String(given)}"`);
    };
    return Object.fromEntries(Object.entries(all).map(read)) as BenchFlags<Specs & { json: readonly [boolean, string] }>;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function usage(about: string, specs: Readonly<Record<string, FlagSpec>>): string {
  const lines = Object.entries(specs).map(([name, [fallback, what]]) => {
    const left = `  --${name}${typeof fallback === 'boolean' ? '' : typeof fallback === 'number' ? ' N' : ' TEXT'}`;
    const given = typeof fallback === 'boolean' || fallback === '' ? '' : ` (default ${fallback})`;
    return `${left.padEnd(22)} ${what}${given}`;
  });
  return `${about}\n\n${lines.join('\n')}\n`;
}
