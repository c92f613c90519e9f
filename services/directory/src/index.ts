export { createDirectoryApp, type DirectoryOptions } from './app.ts';
export { checkSeedFile, type SeedFile } from './seed.ts';
export { seedFileProperties } from './schema.ts';
