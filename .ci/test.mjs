#!/usr/bin/env node
// `npm test`: the tests with the real programs they talk to, then the checks of the house. The last line is vitest's own count.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const needed = [
  { program: 'sipp', debianPackage: 'sip-tester' },
  { program: 'nats-server', debianPackage: 'nats-server' },
];
const isHere = (program) => `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter).some((folder) => existsSync(join(folder, program)));
const run = (command, args, env = {}) => spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

function provide() {
  const missing = needed.filter(({ program }) => !isHere(program));
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() === 0 && isHere('apt-get')) {
    const apt = (...args) => run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { DEBIAN_FRONTEND: 'noninteractive' });
    if (apt('install', '-y', '--no-install-recommends', ...packages) !== 0) {
      apt('update');
      apt('install', '-y', '--no-install-recommends', ...packages);
    }
  }
  for (const { program, debianPackage } of needed.filter(({ program }) => !isHere(program))) {
    console.log(`${program} is missing, so its tests will be skipped: install it (Debian, Ubuntu: apt-get install ${debianPackage}) and run again`);
  }
}

provide();
const folder = mkdtempSync(join(tmpdir(), 'ritmo-test-'));
const report = join(folder, 'report.json');
const path = isHere('nats-server') && !process.env.PATH?.split(delimiter).includes('/usr/sbin') ? `${process.env.PATH}${delimiter}/usr/sbin` : process.env.PATH;
const filters = process.argv.slice(2);
const tested = run('npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters], { PATH: path });

/** What it says is printed whole, when it has ended. */
const check = (name) =>
  new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.once('error', (error) => said.push(Buffer.from(`${error.message}\n`)));
    child.once('close', (code) => {
      process.stdout.write(`\n> ${name}\n${Buffer.concat(said).toString()}`);
      resolve(code === 0 ? [] : [name]);
    });
  });
// One core each: lint takes about as long as the others together.
const lanes = [['lint'], ['types', 'boundaries', 'unused']];
const inTurn = async (lane) => {
  const failed = [];
  for (const name of lane) failed.push(...(await check(name)));
  return failed;
};
const checks = filters.length > 0 ? [] : lanes.flat();
const failedChecks = checks.length === 0 ? [] : (await Promise.all(lanes.map(inTurn))).flat();
if (failedChecks.length > 0) console.log(`\nfailed: ${failedChecks.join(', ')}`);
else if (checks.length > 0) console.log(`\ngood: ${checks.join(', ')}`);

let counts;
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.log('vitest wrote no report');
}
rmSync(folder, { recursive: true, force: true });
const skipped = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
// A file that could not be loaded has no tests to count: it is a failure all the same.
const brokenFiles = (counts?.testResults ?? []).filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
console.log(`${counts?.numPassedTests ?? 0} passed, ${(counts?.numFailedTests ?? 1) + brokenFiles} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(tested !== 0 || failedChecks.length > 0 ? 1 : 0);
