export interface ApiOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Opens /v1. */
  readonly adminKey: string;
  /** How often the health of the parts is looked at, for the view status_servidores. Default 30 000. */
  readonly healthEveryMs?: number;
}
