import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { Rig, until } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';
import { INVALID } from './fixtures-invalid.ts';
import { VALID } from './fixtures-valid.ts';

const ALL = [...VALID, ...INVALID];

/** The answer comes back to the socket whatever the sent-by says (RFC 3581): `rport` behind the first Via, folded or not. */
function withRport(wire: string): string {
  if (wire.includes('192.0.2.15;;')) return wire.replace('192.0.2.15;;', '192.0.2.15;rport;;');
  return wire.replace(/^(?:via|v)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*/im, (via) => (via.includes('rport') ? via : `${via};rport`));
}

/** What the stack answers in the end to a request that nothing is wrong with, from a trunk, or from an extension where it registers. */
function usualAnswer(name: string, wire: string): number {
  // Its To has a tag, of a dialog that is none of ours (RFC 3261 12.2.2).
  if (name === 'wsinv') return 481;
  const method = wire.slice(0, wire.indexOf(' '));
  return method === 'INVITE' ? 480 : method === 'REGISTER' ? 401 : method === 'OPTIONS' ? 200 : 405;
}

describe('a running stack', () => {
  const rig = new Rig();
  const peers: RawPeer[] = [];
  afterEach(async () => {
    await rig.close();
    for (const peer of peers.splice(0)) peer.close();
  });

  it('answers each torture message as its section of RFC 4475 has it', async () => {
    let registers = false;
    const near = await rig.party(createNativeSipStack, {
      // Nothing is sent again meanwhile.
      t1Ms: 60_000,
      handlers: { classify: () => (registers ? 'extension' : 'trunk'), incoming: (call) => call.reject(480) },
    });
    const peer = new RawPeer();
    peers.push(await peer.open(near.address.port));
    const answers: Record<string, readonly [number | undefined, string]> = {};
    for (const { name, wire } of ALL) {
      registers = wire.startsWith('REGISTER');
      peer.received.length = 0;
      const read = near.stack.stats.received;
      peer.send(withRport(wire));
      await until(`${name} to be read`, () => near.stack.stats.received > read);
      registers = false;
      peer.request('OPTIONS', { branch: `behind-${name}`, callId: `behind-${name}`, fromTag: name });
      await peer.next(new RegExp(`^SIP/2.0 \\d+[^]*Call-ID: behind-${name}`));
      const final = peer.received.find((each) => /^SIP\/2.0 [2-6]/.test(each) && !each.includes('Call-ID: behind-'));
      answers[name] = [final === undefined ? undefined : Number(final.slice(8, 11)), final ?? ''];
    }
    const expected = ALL.map(({ name, wire, expect: handling }) => [name, handling === 'accepted' ? usualAnswer(name, wire) : typeof handling === 'number' ? handling : undefined]);
    expect(Object.entries(answers).map(([name, [status]]) => [name, status])).toEqual(expected);
    const header = (name: string, of: string): string => headerIn(answers[of]?.[1] ?? '', name);
    // What each refusal must tell besides.
    expect(header('Unsupported', 'bext01')).toBe('nothingSupportsThis, nothingSupportsThisEither');
    expect(header('Accept', 'invut')).toBe('application/sdp');
    expect(header('Allow', 'esc02')).toContain('INVITE');
    expect(header('WWW-Authenticate', 'regaut01')).toContain('Digest');
    expect(near.troubles).toEqual([]);
  });

  it.each(['trunk', 'extension', 'unknown'] as const)('outlives all torture messages from a source called %s', async (verdict) => {
    const near = await rig.party(createNativeSipStack, {
      handlers: { classify: (source) => (source.port === prober ? 'trunk' : verdict), incoming: (call) => call.reject(480) },
    });
    const far = await rig.party(createNativeSipStack);
    const prober = far.address.port;
    const socket = createSocket('udp4');
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', () => done()));
    for (const { wire } of ALL) socket.send(Buffer.from(wire, 'latin1'), near.address.port, '127.0.0.1');
    await until('all of them', () => near.stack.stats.received >= ALL.length);
    for (const { wire } of ALL) {
      const stream = connect(near.address.port, '127.0.0.1');
      stream.on('error', () => undefined);
      stream.end(Buffer.from(wire, 'latin1'));
    }
    expect(await far.stack.options(near.address, 5_000)).toMatchObject({ reachable: true, code: 200 });
    // By TCP the prober has a port of its own each time, so it is known only where everyone is.
    if (verdict !== 'unknown') expect(await far.stack.options({ ...near.address, transport: 'tcp' }, 5_000)).toMatchObject({ reachable: true, code: 200 });
    expect(near.troubles).toEqual([]);
    expect(near.stack.stats.dialogs).toBe(0);
    if (verdict === 'unknown') expect(near.stack.stats.sent).toBeLessThanOrEqual(2);
    socket.close();
  });
});
