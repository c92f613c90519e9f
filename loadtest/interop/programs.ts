/** Foreign programs that a machine may have. */
import { spawnSync } from 'node:child_process';

export type Program = 'baresip' | 'linphonec' | 'kamailio' | 'sipp' | 'tshark';

/** Debian's package of each. */
const packages: Readonly<Record<Program, string>> = { baresip: 'baresip-core', linphonec: 'linphone-cli', kamailio: 'kamailio', sipp: 'sip-tester', tshark: 'tshark' };

export const isThere = (program: Program): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** True when all are there; else it prints why the tests are skipped. */
export function areThere(...programs: Program[]): boolean {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return true;
  console.warn(`skipped: ${missing.join(', ')} not found; apt-get install -y --no-install-recommends ${missing.map((program) => packages[program]).join(' ')}`);
  return false;
}

/** True when this account may capture on loopback; else it prints why the tests are skipped. */
export function mayCapture(): boolean {
  if (!areThere('tshark')) return false;
  if (spawnSync('tshark', ['-q', '-i', 'lo', '-a', 'duration:1']).status === 0) return true;
  console.warn('skipped: tshark may not capture with this account; run as root, or as a member of a group that may (dpkg-reconfigure wireshark-common)');
  return false;
}
