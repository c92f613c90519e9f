/** The least that a forwarder on node:dgram can do: no RTP, no recording, no statistics. The floor that the relay is measured against. */
import { createSocket, type Socket } from 'node:dgram';

export interface BareForward {
  readonly targets: readonly (readonly [number, number])[];
  close(): void;
}

export async function startBareForward(host: string, peers: readonly (readonly [number, number])[]): Promise<BareForward> {
  const sockets: Socket[] = [];
  const targets: [number, number][] = [];
  const open = async (): Promise<Socket> => {
    const socket = createSocket({ type: 'udp4', lookup: (name, _options, callback) => callback(null, name, 4) });
    // The look-up above answers at once, and so does the binding: listen first.
  await new Promise<void>((resolve) => socket.bind(0, host, resolve));
    sockets.push(socket);
    return socket;
  };
  for (const [customerPort, agentPort] of peers) {
    const customer = await open();
    const agent = await open();
    customer.on('message', (packet) => agent.send(packet, agentPort, host));
    agent.on('message', (packet) => customer.send(packet, customerPort, host));
    targets.push([customer.address().port, agent.address().port]);
  }
  return {
    targets,
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}
