import { ConfigError, UserError } from '@ritmo/runtime';
import { loadConfigFile } from '../config.ts';

/** `ritmo check-config FILE`: exit code 0 when the file is good, 1 with every problem's line when it is not. */
export async function checkConfig(args: readonly string[], json: boolean): Promise<number> {
  const [file] = args;
  if (file === undefined) throw new UserError('which file? ritmo check-config FILE');
  try {
    const { server: _server, cluster: _cluster, ...things } = await loadConfigFile(file);
    const counts = Object.fromEntries(Object.entries(things).map(([key, value]) => [key, Array.isArray(value) ? value.length : 1]));
    const summary = Object.entries(counts)
      .map(([key, count]) => `${count} ${key}`)
      .join(', ');
    process.stdout.write(json ? `${JSON.stringify({ ok: true, file, counts })}\n` : `${file} is good: ${summary === '' ? 'no configured things' : summary}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, file, problems: error.problems })}\n`);
    else process.stderr.write(`${error.message}\n${error.problems.length} problem${error.problems.length === 1 ? '' : 's'} in ${file}\n`);
    return 1;
  }
}
