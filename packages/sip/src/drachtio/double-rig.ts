import { Rig } from '../contract/rig.ts';
import type { Party, PartyOptions } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';
import { DrachtioDouble } from './double.ts';
import { createDrachtioSipStack } from './stack.ts';
import type { DrachtioOptions } from './stack.ts';

export interface DoubleOptions extends Partial<Omit<DrachtioOptions, 'host' | 'port'>> {
  /** Of the server, before its client comes. */
  readonly server?: (double: DrachtioDouble) => void;
  /** Of the server: it gives a peer up after 64 of these. */
  readonly serverT1Ms?: number;
}

/** Parties on doubles of drachtio-server, and on the native engine as their far ends. */
export class DoubleRig {
  private readonly rig = new Rig();
  private readonly doubles: DrachtioDouble[] = [];

  async near(options: PartyOptions = {}, { server, serverT1Ms = 60, secret = 'secret', ...more }: DoubleOptions = {}): Promise<Party & { readonly double: DrachtioDouble }> {
    const double = new DrachtioDouble(serverT1Ms);
    this.doubles.push(double);
    server?.(double);
    await double.start();
    const party = await this.rig.party((all) => createDrachtioSipStack(all, { host: '127.0.0.1', port: double.port, secret, ...more }), options);
    return { ...party, double };
  }

  far(options: PartyOptions = {}): Promise<Party> {
    return this.rig.party(createNativeSipStack, options);
  }

  async close(): Promise<void> {
    await this.rig.close();
    await Promise.all(this.doubles.splice(0).map((double) => double.stop()));
  }
}
