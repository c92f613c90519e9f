/**
 * Whose packets a leg hears. The peer's SDP says where it receives; behind a NAT it sends from somewhere else, so the first
 * packet's source becomes the peer's address (symmetric RTP, RFC 4961). Not any source: an address that the SDP did not name
 * could otherwise listen in or speak by sending one packet to an open port.
 */

/**
 * `sdp-host`: only the address of the SDP, any port of it.
 * `private-nat`: also a public source when the SDP names a private address, which cannot be reached anyway.
 * `any`: every source.
 */
export type LatchPolicy = 'sdp-host' | 'private-nat' | 'any';

/** A latched peer must be silent for this long before another source of the same policy takes over (NAT rebinding). */
const TAKEOVER_AFTER_MS = 1000;

export class SourceLatch {
  /** Where packets to the peer go. */
  host = '';
  port = 0;
  private readonly policy: LatchPolicy;
  private sdpHost = '';
  private sdpPort = 0;
  private latched = false;
  private heardAtMs = 0;

  constructor(policy: LatchPolicy) {
    this.policy = policy;
  }

  /** A new SDP address forgets what was latched; the same one again (a refresh, hold) keeps it. */
  expect(host: string, port: number): void {
    if (host === this.sdpHost && port === this.sdpPort) return;
    this.sdpHost = host;
    this.sdpPort = port;
    this.host = host;
    this.port = port;
    this.latched = false;
  }

  accepts(host: string, port: number, nowMs: number): boolean {
    if (this.latched && port === this.port && host === this.host) {
      this.heardAtMs = nowMs;
      return true;
    }
    if (this.sdpHost === '' || !this.isAllowed(host)) return false;
    if (this.latched && nowMs - this.heardAtMs < TAKEOVER_AFTER_MS) return false;
    this.host = host;
    this.port = port;
    this.latched = true;
    this.heardAtMs = nowMs;
    return true;
  }

  private isAllowed(host: string): boolean {
    switch (this.policy) {
      case 'any':
        return true;
      case 'sdp-host':
        return host === this.sdpHost;
      case 'private-nat':
        return host === this.sdpHost || (isPrivate(this.sdpHost) && !isPrivate(host) && !host.startsWith('127.'));
    }
  }
}

/** RFC 1918, RFC 6598 (carrier-grade NAT) and link-local addresses. */
export function isPrivate(host: string): boolean {
  const [a = 0, b = 0] = host.split('.').map(Number);
  return a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254);
}
