import { BlockList, isIP } from 'node:net';

const mostJudged = 10_000;

/**
 * Who may call. An entry is an address or a range (`10.0.0.0/8`); one that begins with `!` takes it away again.
 * Loopback is allowed unless an entry takes it away. `everyone`: with no entry that allows, every address may.
 */
export function createAddressRules(entries: readonly string[], otherwise: 'everyone' | 'loopback'): (address: string) => boolean {
  const allowed = new BlockList();
  const refused = new BlockList();
  allowed.addSubnet('127.0.0.0', 8, 'ipv4');
  allowed.addAddress('::1', 'ipv6');
  let someAllowed = false;
  for (const entry of entries) {
    const text = entry.replace(/^!/, '');
    const [address = '', prefix] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const list = entry.startsWith('!') ? refused : allowed;
    if (!entry.startsWith('!')) someAllowed = true;
    // What is no address allows nobody; the schema of the settings is the place to say so.
    if (isIP(address) === 0) continue;
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Math.min(Number(prefix), family === 'ipv4' ? 32 : 128), family);
  }
  const judge = (written: string): boolean => {
    const address = written.replace(/^::ffff:(?=\d+\.)/, '');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0 || refused.check(address, family)) return false;
    return allowed.check(address, family) || (otherwise === 'everyone' && !someAllowed);
  };
  // The same few addresses ask over and over.
  const judged = new Map<string, boolean>();
  return (address) => {
    const known = judged.get(address);
    if (known !== undefined) return known;
    if (judged.size >= mostJudged) judged.clear();
    const verdict = judge(address);
    judged.set(address, verdict);
    return verdict;
  };
}
