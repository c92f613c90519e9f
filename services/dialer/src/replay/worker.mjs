// Node 20 does not apply --import to a worker's entry, so the entry is JavaScript and brings the loader for TypeScript itself.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
