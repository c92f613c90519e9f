/** The SIP engine is a server of its own, and this process has lost it: nothing is begun that could not be sent. */
import { asCallId, asId, type TrunkId } from '@ritmo/domain';
import { createNativeSipStack, type SipStack } from '@ritmo/sip';
import { waitFor } from '@ritmo/testing';
import { afterEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('no slots are given and an order for one that was given is refused while the engine is away; calls begin again when it is back', async () => {
  let isUp = true;
  const rig = await Rig.start({
    telephony: {
      sip: (handlers) => {
        const stack = createNativeSipStack({ host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'ritmo.test', userAgent: 'Ritmo', handlers });
        return Object.create(stack, { isUp: { get: () => isUp } }) as SipStack;
      },
    },
  });
  cleanups.push(() => rig.stop());
  const carrier = await FarEnd.start({ hz: 500, t1Ms: 100 });
  cleanups.push(() => carrier.stop());
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  await rig.telephony.start();
  const slot = await rig.slot();
  isUp = false;
  expect(await rig.bus.request('telephony.reserve', { trunkId: asId<TrunkId>(1), count: 1 })).toMatchObject({ slots: [], up: false, detail: 'the SIP server is away' });
  await expect(rig.originate('11988887777', { slot, callId: asCallId('1700000000.77') })).rejects.toThrow('slot-lapsed');
  expect(rig.of('CallPlaced')).toEqual([]);
  isUp = true;
  const callId = await rig.originate('11988887777', { slot });
  (await carrier.invite()).reject(486);
  await rig.fact('CallEnded', callId);
  await waitFor(() => rig.telephony.occupied().channels === 0, { what: 'the channel to be free' });
});
