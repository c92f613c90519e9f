import type { BencodeValue } from './bencode.ts';
import type { NgReply } from './ng-client.ts';

/** Packets that a leg's phone sent (`out`) and was sent (what came in on the inner side), from the reply to `query`. */
export function packetsOf(reply: NgReply): { readonly packetsIn: number; readonly packetsOut: number } {
  return { packetsIn: packetsOfTag(reply, 'out'), packetsOut: packetsOfTag(reply, 'in') };
}

function packetsOfTag(reply: NgReply, tag: string): number {
  const streams = at(at(at(at(reply, 'tags'), tag), 'medias'), 0);
  const packets = at(at(at(at(streams, 'streams'), 0), 'stats'), 'packets');
  return typeof packets === 'number' ? packets : 0;
}

function at(value: BencodeValue | undefined, key: string | number): BencodeValue | undefined {
  if (value === undefined || typeof value !== 'object') return undefined;
  return (value as Readonly<Record<string | number, BencodeValue>>)[key];
}
