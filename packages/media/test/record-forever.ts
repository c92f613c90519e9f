/** A process that records a call until it is killed: `record-forever.ts FILE FROM-PORT TO-PORT`. */
import { RtpTalker, tone, writePhoneSdp } from '@ritmo/testing';
import { createNativeMediaEngine } from '../src/native-engine.ts';

const [file = '', from, to] = process.argv.slice(2);
const host = '127.0.0.1';
const engine = createNativeMediaEngine({ host, portRange: [Number(from), Number(to)], codecs: ['PCMA'] });
await engine.start();
const session = engine.createSession('call');
for (const [legId, side, frequencyHz] of [['c', 'customer', 500], ['a', 'agent', 900]] as const) {
  const leg = await session.openLeg(legId, side);
  const phone = await RtpTalker.open({ host, words: tone(frequencyHz, 'PCMA'), ssrc: frequencyHz });
  leg.accept(writePhoneSdp({ host, port: phone.port, codecs: ['PCMA'] }));
  phone.talkTo(host, leg.port);
}
session.bridge('c', 'a');
await session.startRecording(file);
