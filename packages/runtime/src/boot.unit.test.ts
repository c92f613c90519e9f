import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderError, openDataFolder } from './data-folder.ts';
import { EnvironmentError, readEnvironment } from './environment.ts';
import { explainFatal } from './fatal.ts';
import { createHealthRegistry } from './health.ts';
import { openSecret } from './secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-runtime-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the environment', () => {
  it('goes over the fallback', () => {
    const env = readEnvironment({ PORT: '81', RANGE: '20000-20100', NAME: '' });
    expect([env.port('PORT', 80), env.port('OTHER', 82), env.portRange('RANGE', [1, 2]), env.text('NAME', 'x')]).toEqual([81, 82, [20000, 20100], 'x']);
    env.assertGood();
  });

  it('tells every bad variable at once', () => {
    const env = readEnvironment({ PORT: '99999', RANGE: '9-8', MODE: 'odd' });
    env.port('PORT', 80);
    env.portRange('RANGE', [20000, 20001]);
    env.choice('MODE', ['even'], 'even');
    expect(() => env.assertGood()).toThrow(EnvironmentError);
    expect(() => env.assertGood()).toThrow(/PORT=99999.*\nRANGE=9-8.*\nMODE=odd: give one of even/);
  });
});

describe('a secret', () => {
  it('is made once, kept and readable by its owner only', async () => {
    const first = await openSecret({ folder, name: 'key' });
    const second = await openSecret({ folder, name: 'key' });
    expect(first.origin).toBe('made');
    expect(second).toMatchObject({ origin: 'kept', value: first.value });
    expect((await stat(first.file)).mode & 0o777).toBe(0o600);
    expect(first.value).toMatch(/^[A-Za-z0-9]{24}$/);
  });

  it('is replaced by the one that is given', async () => {
    await openSecret({ folder, name: 'key' });
    const given = await openSecret({ folder, name: 'key', given: 'chosen-by-hand' });
    expect(given).toMatchObject({ origin: 'given', value: 'chosen-by-hand' });
    expect(await readFile(given.file, 'utf8')).toBe('chosen-by-hand\n');
    expect(await openSecret({ folder, name: 'key' })).toMatchObject({ origin: 'kept', value: 'chosen-by-hand' });
  });
});

describe('the data folder', () => {
  it('is made with the folders inside it', async () => {
    const path = await openDataFolder({ folder: join(folder, 'a/b'), inside: ['recordings'], setting: 'DATA' });
    expect((await stat(join(path, 'recordings'))).isDirectory()).toBe(true);
  });

  it('says what stands in its way and which setting changes it', async () => {
    await writeFile(join(folder, 'file'), '');
    const opening = openDataFolder({ folder: join(folder, 'file/data'), inside: [], setting: 'RITMO_DATA' });
    await expect(opening).rejects.toThrow(DataFolderError);
    await expect(opening).rejects.toThrow(/not a folder.*RITMO_DATA/);
  });
});

describe('health', () => {
  it('turns a check that throws into CRITICAL and spares the others', async () => {
    const health = createHealthRegistry();
    health.register('good', () => ({ status: 'OK', detail: '' }));
    health.register('bad', () => {
      throw new Error('no disk');
    });
    expect(await health.parts()).toEqual([
      { part: 'good', health: { status: 'OK', detail: '' } },
      { part: 'bad', health: { status: 'CRITICAL', detail: 'no disk' } },
    ]);
  });

  it('does not wait for a check that hangs', async () => {
    const health = createHealthRegistry({ timeoutMs: 10 });
    health.register('stuck', () => new Promise(() => undefined));
    expect((await health.parts())[0]?.health.status).toBe('CRITICAL');
  });

  it('asks again only after a while', async () => {
    let now = 0;
    let asked = 0;
    const health = createHealthRegistry({ keepMs: 100, nowMs: () => now });
    health.register('part', () => ({ status: 'OK', detail: String((asked += 1)) }));
    await health.parts();
    now = 50;
    await health.parts();
    expect(asked).toBe(1);
    now = 151;
    await health.parts();
    expect(asked).toBe(2);
  });
});

describe('a fatal error', () => {
  it('names the setting of a port that is taken', () => {
    const error = Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 8080, address: '127.0.0.1' });
    expect(explainFatal(error, { 8080: 'RITMO_HTTP_PORT' })).toBe(
      'port 8080 on 127.0.0.1 is in use by another program: stop it, or set RITMO_HTTP_PORT to another port',
    );
  });

  it('keeps the stack of what nobody foresaw', () => {
    expect(explainFatal(new TypeError('x is not a function'))).toMatch(/x is not a function\n\s+at /);
  });
});
