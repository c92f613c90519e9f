/** A refusal that the caller is expected to handle. `code` is a closed set per subject; `detail` is for people. */
export interface Refusal<C extends string> {
  readonly ok: false;
  readonly code: C;
  readonly detail?: string;
}

export interface Done {
  readonly ok: true;
}
