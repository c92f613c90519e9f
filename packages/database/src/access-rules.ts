import { isIP } from 'node:net';

export interface ClientAddress {
  /** An address or a range in CIDR form, for example 10.11.12.0/24; `!` in front refuses it. */
  readonly address: string;
  readonly user: string;
  readonly database: string;
}

/** A user that has no business in other databases of the server, where PostgreSQL grants everybody temporary tables and large objects. */
export type ConfinedUser = Pick<ClientAddress, 'user' | 'database'>;

const LOOPBACK = ['127.0.0.1/32', '::1/128'];
/** Every way in asks for a scram password; the superuser has none but loopback. */
const LOOPBACK_RULES = LOOPBACK.map((range) => `host all all ${range} scram-sha-256`);

/** Lines of pg_hba.conf. The first that fits counts, so refusals come first. What is no address is left out: `onInvalid` is told. */
export function accessRules(clients: readonly ClientAddress[], onInvalid: (address: string) => void, confined: readonly ConfinedUser[] = []): readonly string[] {
  const refusals: string[] = [];
  const permissions: string[] = [];
  for (const { address, user, database } of clients) {
    const refused = address.startsWith('!');
    const range = cidrOf(address.replace(/^!/, '').trim());
    if (range === undefined) onInvalid(address);
    else (refused ? refusals : permissions).push(`host ${database} ${user} ${range} ${refused ? 'reject' : 'scram-sha-256'}`);
  }
  const confinements = confined.flatMap(({ user, database }) =>
    LOOPBACK.flatMap((range) => [`host ${database} ${user} ${range} scram-sha-256`, `host all ${user} ${range} reject`]),
  );
  return [...refusals, ...confinements, ...LOOPBACK_RULES, ...permissions];
}

function cidrOf(text: string): string | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || rest.length > 0 || address.includes('%')) return undefined;
  if (bits === undefined) return `${address}/${most}`;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? `${address}/${bits}` : undefined;
}
