#!/usr/bin/env node
// The product runs from its TypeScript sources; tsx compiles them as they are loaded.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli/main.ts');
