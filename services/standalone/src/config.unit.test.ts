import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, EnvironmentError } from '@ritmo/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, loadConfigFile } from './config.ts';

const example = fileURLToPath(new URL('../../../infra/ritmo.example.yaml', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (text: string): Promise<string> => {
  const file = join(folder, 'ritmo.yaml');
  await writeFile(file, text);
  return file;
};

describe('the configuration', () => {
  it('is the documented defaults when nothing is given', async () => {
    expect(await loadConfig({})).toEqual({
      dataDir: './data',
      listen: '127.0.0.1',
      httpPort: 8080,
      socketReadPort: 25000,
      socketWritePort: 27000,
      sipPort: 5060,
      postgresPort: 15432,
      rtpPorts: [20000, 29999],
      logLevel: 'info',
      stopGraceS: 30,
      cluster: {},
      seed: {},
    });
  });

  it('accepts the example that ships', async () => {
    const config = await loadConfig({ RITMO_CONFIG: example });
    expect((config.seed['trunks'] as unknown[]).length).toBe(2);
  });

  it('has the same defaults in an empty file as without one', async () => {
    const { seed: _seed, seedName: _name, ...fromFile } = await loadConfig({ RITMO_CONFIG: await write('trunks: []\n') });
    const { seed: _none, ...without } = await loadConfig({});
    expect(fromFile).toEqual(without);
  });

  it('lets the environment go over the file', async () => {
    const file = await write('server: { httpPort: 9000, sipPort: 6000 }\n');
    expect(await loadConfig({ RITMO_CONFIG: file, RITMO_HTTP_PORT: '9001' })).toMatchObject({ httpPort: 9001, sipPort: 6000 });
  });

  it('gives the line of a reference to nothing', async () => {
    const file = await write('queues:\n  - { id: 1, name: a }\ncampaigns:\n  - id: 5\n    name: b\n    queueId: 2\n');
    await expect(loadConfigFile(file)).rejects.toThrow(`${file}:6:14  campaigns[0].queueId: there is no queue 2`);
  });

  it('gives the line of a misspelt key', async () => {
    const loading = loadConfigFile(await write('trunk:\n  - id: 1\n'));
    await expect(loading).rejects.toThrow(ConfigError);
    await expect(loading).rejects.toThrow(/:1:1 {2}trunk: unknown key; did you mean trunks\?/);
  });

  it('names a bad variable', async () => {
    await expect(loadConfig({ RITMO_SIP_PORT: 'sip' })).rejects.toThrow(EnvironmentError);
  });
});
