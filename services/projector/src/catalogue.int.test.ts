import { startTestDatabase } from '@ritmo/database/testing';
import { expect, it } from 'vitest';
import { describeViews } from './catalogue.ts';
import { prepareSchema, viewNames } from './schema.ts';

it('is what docs/views-dos-integradores.md says, and every column has a meaning', async () => {
  const test = await startTestDatabase();
  try {
    await prepareSchema(test.database);
    const page = await describeViews(test.database);
    for (const view of await viewNames()) expect(page).toContain(`## ${view}\n`);
    expect(page).not.toMatch(/\|\s*\|\s*$/m);
    await expect(page).toMatchFileSnapshot('../../../docs/views-dos-integradores.md');
  } finally {
    await test.close();
  }
});
