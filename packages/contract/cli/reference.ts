/** Writes the reference part of docs/integracao.md anew: `npm run docs:contract`. */
import { readFile, writeFile } from 'node:fs/promises';
import { withReference } from '../src/reference.ts';

const guide = new URL('../../../docs/integracao.md', import.meta.url);
await writeFile(guide, withReference(await readFile(guide, 'utf8')));
