import { readFileSync } from 'node:fs';

/** Jiffies of all cores since the machine began (proc(5), /proc/stat): those that the host gave to other guests, and all. */
function jiffies(): { readonly stolen: number; readonly all: number } {
  const fields = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ').map(Number) ?? [];
  return { stolen: fields[7] ?? 0, all: fields.slice(0, 8).reduce((sum, each) => sum + each, 0) };
}

/**
 * Begins to watch the time that a virtual machine's host takes from it; the function given tells its share since then, in percent of all cores. What is measured
 * meanwhile has it in its tail. Undefined where the kernel does not tell.
 */
export function watchStolenTime(): () => number | undefined {
  try {
    const before = jiffies();
    return () => {
      const { stolen, all } = jiffies();
      return Math.round(((stolen - before.stolen) / Math.max(1, all - before.all)) * 10_000) / 100;
    };
  } catch {
    return () => undefined;
  }
}
