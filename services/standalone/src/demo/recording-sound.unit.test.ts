import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WAVE_FORMAT, wavHeader } from '@ritmo/media';
import { tone, toneHzOfExtension, toneHzOfNumber } from '@ritmo/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultOf, hearRecording } from './recording-sound.ts';

const talk = { number: '11988887777', extension: '1001', talkMs: 2_000 };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritmo-sound-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function wav(left: Buffer, right: Buffer): Promise<string> {
  const data = Buffer.from(Array.from(left, (word, at) => [word, right[at] as number]).flat());
  const file = join(folder, `${Math.random()}.wav`);
  await writeFile(file, Buffer.concat([wavHeader({ format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 }, data.length), data]));
  return file;
}
const twice = (words: Buffer): Buffer => Buffer.concat([words, words]);
const customer = twice(tone(toneHzOfNumber(talk.number), 'PCMA'));
const agent = twice(tone(toneHzOfExtension(talk.extension), 'PCMA'));
const silence = Buffer.alloc(customer.length, 0xd5);

it('hears the customer on the left and the agent on the right, for as long as they talked', async () => {
  const heard = await hearRecording(await wav(customer, agent), talk);
  expect(heard).toMatchObject({ durationMs: 2_000, customer: 1, agent: 1 });
  expect(faultOf([heard], talk.talkMs)).toBeUndefined();
});

it('says who is missing, that the sides are swapped, and that the length is wrong', async () => {
  expect(faultOf([await hearRecording(await wav(silence, agent), talk)], talk.talkMs)).toBe('the customer is heard in 0 % of the time');
  expect(faultOf([await hearRecording(await wav(customer, silence), talk)], talk.talkMs)).toBe('the agent is heard in 0 % of the time');
  expect(faultOf([await hearRecording(await wav(agent, customer), talk)], talk.talkMs)).toBe('the customer is heard in 0 % of the time');
  expect(faultOf([await hearRecording(await wav(customer, agent), talk)], 9_000)).toBe('2000 ms of a talk of 9000 ms');
  expect(faultOf([], 60_000)).toBe('0 ms of a talk of 60000 ms');
});
