import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Rig, until } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';
import { INVALID } from './fixtures-invalid.ts';
import { VALID } from './fixtures-valid.ts';

const ALL = [...VALID, ...INVALID];

describe('a running stack', () => {
  const rig = new Rig();
  afterEach(() => rig.close());

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
