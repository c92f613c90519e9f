import { createNativeSipStack } from '../native/stack.ts';
import { headerIn, RawPeer } from './raw-peer.ts';
import { ANSWER, OFFER, RecordedCall, Rig } from './rig.ts';
import type { Party, PartyOptions } from './rig.ts';

/** A native stack and a peer that writes its messages by hand; all that a test opened is closed at its end. */
export class RawSetting {
  readonly rig = new Rig();
  private readonly open: { destroy(): void }[] = [];

  keep<T extends { destroy(): unknown }>(each: T): T {
    this.open.push({ destroy: () => void each.destroy() });
    return each;
  }

  async peer(to: number, host?: string): Promise<RawPeer> {
    const peer = new RawPeer();
    this.open.push({ destroy: () => peer.close() });
    return peer.open(to, host);
  }

  async setUp(options: PartyOptions = {}): Promise<{ near: Party; peer: RawPeer }> {
    const near = await this.rig.party(createNativeSipStack, options);
    return { near, peer: await this.peer(near.address.port) };
  }

  /** A call of the raw peer that we answered. `to` has our tag. */
  async answered(options: PartyOptions = {}, lines = ''): Promise<{ near: Party; peer: RawPeer; to: string; callee: RecordedCall }> {
    const { near, peer } = await this.setUp(options);
    peer.request('INVITE', { branch: 'in', body: OFFER, lines });
    const answering = (await near.nextCall()).answer(ANSWER);
    const to = headerIn(await peer.next(/^SIP\/2.0 200/), 'To');
    peer.request('ACK', { branch: 'ack', to });
    return { near, peer, to, callee: new RecordedCall(await answering, () => ANSWER) };
  }

  async close(): Promise<void> {
    await this.rig.close();
    for (const each of this.open.splice(0)) each.destroy();
  }
}
