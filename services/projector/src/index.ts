export { createProjectorApp, type ProjectorApp, type ProjectorOptions } from './app.ts';
export { rebuildViews, type RebuildReport, type TableComparison } from './rebuild.ts';
export { prepareSchema, viewNames } from './schema.ts';
