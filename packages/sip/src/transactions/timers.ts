/** RFC 3261 17 table 4, all derived from T1. */
export interface TimerValues {
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t4Ms: number;
  /** 64*T1: timers B, F, H, J, L, M. */
  readonly timeoutMs: number;
  /** Timer D: at least 32 s at the default T1. */
  readonly completedMs: number;
}

export function timerValues(t1Ms: number): TimerValues {
  return { t1Ms, t2Ms: t1Ms * 8, t4Ms: t1Ms * 10, timeoutMs: t1Ms * 64, completedMs: t1Ms * 64 };
}
