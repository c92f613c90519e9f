import type { Actor, DirectoryKind } from '@ritmo/domain';
import type { Done, Refusal } from './answers.ts';

/** What the directory serves. */
export interface DirectoryRequests {
  'directory.snapshot': { request: Record<string, never>; reply: { entries: readonly { kind: DirectoryKind; id: number; entry: Record<string, unknown> }[]; position: string } };
  'directory.put': {
    request: { kind: DirectoryKind; id: number | null; entry: Record<string, unknown>; mustBeNew?: boolean; by: Actor };
    reply: { ok: true; id: number } | Refusal<'invalid' | 'exists' | 'conflict'>;
  };
  'directory.remove': { request: { kind: DirectoryKind; id: number; by: Actor }; reply: Done | Refusal<'not-found' | 'in-use'> };
}
