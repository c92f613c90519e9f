import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { UserError } from '@ritmo/runtime';

export interface Target {
  /** As it was written. */
  readonly name: string;
  /** A literal: what SIPp is given, resolved once, so that nothing is called but what was confirmed. */
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
}

export const defaultMaxCalls = 100;
/** Whatever is asked for. */
export const hardMaxCalls = 10_000;
export const hardMaxRate = 50;

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

export function splitHostPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:\s]+)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (!match || port < 1 || port > 65_535) throw new UserError(`--target ${text}: give HOST:PORT, the port too`);
  return { host: match.groups?.['six'] ?? match.groups?.['host'] ?? '', port };
}

/**
 * Who may be called. Off loopback the operator writes the same target twice, letter by letter: `--target` says where, `--i-may-call` that it is
 * allowed. A name that resolves to loopback is loopback; a name that cannot be resolved is nobody.
 */
export async function confirmTarget(target: string, mayCall: string | undefined, resolve: (host: string) => Promise<string> = resolveHost): Promise<Target> {
  const { host, port } = splitHostPort(target);
  const address = isIP(host) === 0 ? await resolve(host) : host;
  if (mayCall !== undefined && mayCall !== target) throw new UserError(`--i-may-call ${mayCall} is not --target ${target}: nothing was called`);
  const loopback = isLoopback(address);
  if (!loopback && mayCall === undefined) {
    throw new UserError(`${target} is not on this machine. If you may put load on it, and its owner knows: --i-may-call ${target}. Nothing was called`);
  }
  return { name: target, host: address, port, isLoopback: loopback };
}

async function resolveHost(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new UserError(`${host} cannot be resolved (${(error as NodeJS.ErrnoException).code ?? String(error)}): nothing was called`);
  }
}

/** Hard caps for a target that is not ours. Throws, so that a typing error does not become a smaller run than was meant. */
export function checkCaps(caps: { readonly maxCalls: number; readonly rate: number; readonly isLoopback: boolean }): void {
  if (caps.isLoopback) return;
  if (caps.maxCalls > hardMaxCalls) throw new UserError(`--max-calls ${caps.maxCalls}: at most ${hardMaxCalls} calls to a trunk that is not on this machine`);
  if (caps.rate > hardMaxRate) throw new UserError(`--rate ${caps.rate}: at most ${hardMaxRate} a second to a trunk that is not on this machine`);
}
