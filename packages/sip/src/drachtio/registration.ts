import type { TrunkRegistration, TrunkRegistrationRequest } from '../port.ts';
import { proxyUri } from './headers.ts';
import type { Asker, SrfResponse } from './srf.ts';

const DEFAULT_EXPIRES_S = 300;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 5 * 60_000;

/** Keeps us registered at a trunk through drachtio-server, which meets the challenges. */
export class DrachtioRegistration implements TrunkRegistration {
  private readonly asker: Asker;
  private readonly request: TrunkRegistrationRequest;
  private timer: NodeJS.Timeout | undefined;
  private retryMs = FIRST_RETRY_MS;
  private stopped = false;
  private registered = false;

  constructor(asker: Asker, request: TrunkRegistrationRequest) {
    this.asker = asker;
    this.request = request;
    void this.refresh();
  }

  private send(expiresS: number): Promise<SrfResponse> {
    const { user, domain, credentials, registrar } = this.request;
    const aor = `<sip:${user}@${domain}>`;
    const headers = { From: aor, To: aor, Contact: `<sip:${user}@localhost>;expires=${expiresS}`, Expires: String(expiresS) };
    return this.asker.ask(`sip:${domain}`, { method: 'REGISTER', headers, auth: credentials, proxy: proxyUri(registrar) });
  }

  private async refresh(): Promise<void> {
    const expiresS = this.request.expiresS ?? DEFAULT_EXPIRES_S;
    let delayMs: number;
    try {
      const response = await this.send(expiresS);
      if (this.stopped) return;
      this.registered = response.status < 300;
      if (this.registered) {
        const granted = Number(/expires=(\d+)/i.exec(response.get('contact') ?? '')?.[1] ?? response.get('expires') ?? expiresS);
        delayMs = Math.max(1, granted * 0.8) * 1_000;
        this.retryMs = FIRST_RETRY_MS;
        this.request.changed({ registered: true, code: response.status });
      } else {
        delayMs = this.nextRetryMs();
        this.request.changed({ registered: false, code: response.status, error: `${response.status} ${response.reason}` });
      }
    } catch (error) {
      if (this.stopped) return;
      this.registered = false;
      delayMs = this.nextRetryMs();
      this.request.changed({ registered: false, error: error instanceof Error ? error.message : String(error) });
    }
    this.timer = setTimeout(() => void this.refresh(), delayMs);
    this.timer.unref();
  }

  private nextRetryMs(): number {
    const delayMs = this.retryMs;
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
    return delayMs;
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    clearTimeout(this.timer);
    if (!this.registered) return;
    await this.send(0).catch(() => undefined);
    this.request.changed({ registered: false });
  }
}
