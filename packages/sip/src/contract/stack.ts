import { connect } from 'node:net';
import { describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import { PortInUseError } from '../port.ts';
import type { SipStack } from '../port.ts';
import { ANSWER, call, connected, RecordedCall, ringing, until } from './rig.ts';
import type { Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

/** A stack as a whole: its sockets, strangers, and what a process leaves behind. */
export function stackContract(make: SipStackFactory): void {
  const pair = async (rig: Rig) => ({ near: await rig.party(make), far: await rig.party(createNativeSipStack) });

  describe('the end of a call whose process died', () => {
    const rebirth = async (rig: Rig, party: { readonly stack: SipStack; readonly address: { readonly port: number } }) => {
      await party.stack.stop();
      return rig.party(make, { port: party.address.port, transports: ['udp'] });
    };

    it('is a BYE when it was established', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far);
      const snapshot = caller.call.snapshot();
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
      const heir = await rebirth(rig, near);
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('is a CANCEL while it rings', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { invite, cancels } = await ringing(near, far);
      const snapshot = invite.snapshot();
      const heir = await rebirth(rig, near);
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      await until('the CANCEL', () => cancels.length === 1);
    });

    it('acknowledges and hangs up an answer that nobody awaited', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { invite, incoming } = await ringing(near, far);
      const snapshot = invite.snapshot();
      await near.stack.stop();
      const answer = incoming.answer(ANSWER);
      const heir = await rig.party(make, { port: near.address.port, transports: ['udp'] });
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      const callee = new RecordedCall(await answer);
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('is not claimed when nobody answers', async ({ rig }) => {
      const near = await rig.party(make, { t1Ms: 5 });
      const snapshot = {
        state: 'confirmed', sipCallId: 'gone', localTag: 'l', remoteTag: 'r', localUri: '<sip:a@h>;tag=l', remoteUri: '<sip:b@h>;tag=r', remoteTarget: 'sip:b@127.0.0.1:9',
        routeSet: [], localCSeq: 1, inviteBranch: 'z9hG4bKx', destination: { host: '127.0.0.1', port: 9, transport: 'udp' },
      } as const;
      expect(await near.stack.endOrphan(snapshot)).toEqual({ ended: false });
    });
  });

  describe('a stack', () => {
    it('says which port is taken', async ({ rig }) => {
      const near = await rig.party(make, { transports: ['udp'] });
      await expect(rig.party(make, { port: near.address.port, transports: ['udp'] })).rejects.toBeInstanceOf(PortInUseError);
    });

    it('answers OPTIONS and sends it', async ({ rig }) => {
      const { near, far } = await pair(rig);
      for (const transport of ['udp', 'tcp'] as const) {
        expect(await near.stack.options({ ...far.address, transport }, 2_000)).toMatchObject({ reachable: true, code: 200 });
        expect(await far.stack.options({ ...near.address, transport }, 2_000)).toMatchObject({ reachable: true, code: 200 });
      }
      expect(await near.stack.options({ host: '127.0.0.1', port: 9, transport: 'udp' }, 100)).toMatchObject({ reachable: false });
    });

    it('says nothing at all to an unknown source', async ({ rig }) => {
      const near = await rig.party(make, { handlers: { classify: () => 'unknown' } });
      const far = await rig.party(createNativeSipStack, { t1Ms: 5 });
      expect(await far.stack.options(near.address, 300)).toMatchObject({ reachable: false });
      const invite = call(far, near);
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
      expect(near.incoming).toEqual([]);
      expect(near.stack.stats.sent).toBe(0);
    });

    it('reads requests that come over TCP in pieces, and several in one piece', async ({ rig }) => {
      const { near } = await pair(rig);
      const request = (n: number): string =>
        `OPTIONS sip:x SIP/2.0\r\nv: SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bK${n}\r\nf: <sip:a@b>;tag=1\r\nt: <sip:x>\r\ni: pieces-${n}\r\nCSeq: ${n} OPTIONS\r\nl: 0\r\n\r\n`;
      const socket = connect(near.address.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk: Buffer) => void (received += chunk.toString()));
      socket.setNoDelay(true);
      const first = request(1);
      for (let at = 0; at < first.length; at += 60) {
        socket.write(first.slice(at, at + 60));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      socket.write(`\r\n\r\n${request(2)}${request(3)}${request(4).slice(0, 30)}`);
      socket.write(request(4).slice(30));
      await until('four answers', () => received.split('SIP/2.0 200 OK').length === 5);
      expect(received).toContain('\r\n\r\n\r\n');
      socket.destroy();
    });
  });
}
