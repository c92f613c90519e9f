import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCarrier } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerCsv, callerScenario } from './scenarios.ts';
import { Sipp, sippMissing } from './sipp.ts';

const missing = sippMissing();
const loopback = '0100007F';

async function until(check: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + 20_000; !check(); ) {
    if (performance.now() > deadline) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const boundTo = async (file: string): Promise<readonly string[]> => (await readFile(file, 'utf8')).split('\n').slice(1).flatMap((row) => row.trim().split(/\s+/)[1] ?? []);

describe.skipIf(missing !== undefined)(`SIPp that calls${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-sipp-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('takes orders from this machine alone, and hangs up the calls that are up', { timeout: 60_000 }, async () => {
    // Nobody hangs up by himself, and every other call rings for ever.
    const carrier = await startCarrier({ seed: 3, speaks: false, mix: { postDialDelayMs: 20, answerDelayMs: 50, noAnswerP: 0.5, talkMs: 600_000, hangsUpFirstP: 0 } });
    const before = new Set(await boundTo('/proc/net/udp'));
    const sipp = await Sipp.start({
      folder, name: 'caller', host: '127.0.0.1', transport: 'udp', lossPct: 0, scenario: callerScenario({ patienceMs: 60_000, withCredentials: false }),
      csv: callerCsv([{ to: '1133334444', from: '1130001000', talkMs: 600_000 }]), target: { host: '127.0.0.1', port: carrier.port, maxCalls: 100, maxChannels: 100 },
    });
    try {
      const opened = (await boundTo('/proc/net/udp')).filter((address) => !before.has(address) && !address.startsWith(loopback));
      // Others of this machine may have opened ports meanwhile: SIPp's own are asked for by its signalling port.
      const own = (await boundTo('/proc/net/udp')).filter((address) => address.endsWith(`:${sipp.port.toString(16).toUpperCase().padStart(4, '0')}`));
      expect(own).toEqual([expect.stringMatching(/^0100007F:/)]);
      expect(opened.filter((address) => address.endsWith(`:${sipp.controlPort.toString(16).toUpperCase().padStart(4, '0')}`))).toEqual([]);
      sipp.setRate(20);
      await until(() => carrier.stats().answered >= 3 && carrier.stats().channels > carrier.stats().answered, 'calls that talk and calls that ring');
      await sipp.hangUp();
      await until(() => carrier.stats().channels === 0, 'BYE and CANCEL for all of them');
    } finally {
      await sipp.stop();
      await carrier.stop();
    }
  });
});
