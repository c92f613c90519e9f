/** What the projector serves. */
export interface ProjectorRequests {
  'projector.status': { request: Record<string, never>; reply: { position: string; head: string; lagEvents: number; lagMs: number } };
}
