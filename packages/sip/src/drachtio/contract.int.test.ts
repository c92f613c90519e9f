import { afterAll, describe, it } from 'vitest';
import { sipStackContract } from '../contract.ts';
import type { SipStack, SipStackOptions } from '../port.ts';
import { DrachtioDouble } from './double.ts';
import { createDrachtioSipStack } from './stack.ts';

/** What was seen on v0.9.10 and why: docs/drachtio.md. */
const shortSession = 'the server knows no session of less than 90 s, and the test has one of 1 s';
const uncounted = 'the server repeats and acknowledges by itself, and tells nobody: the test counts messages';
const unheard = 'the server keeps 100 to itself: silence cannot be told from a call that is on its way';
const CANNOT: Readonly<Record<string, string>> = {
  'keep a call alive over udp by refreshing it': shortSession,
  'keep a call alive over tcp by refreshing it': shortSession,
  'end a call whose peer is gone': shortSession,
  'says which port is taken': 'its ports are in its own configuration',
  'says nothing at all to an unknown source': 'the server sends 100 by itself',
  'an answer that is never acknowledged ends in a BYE': 'the server waits 32 s for an ACK, whatever T1 it is given',
  'uas-two-forks-answer-expect-bye': uncounted,
  'uas-retransmitted-answer-expect-ack': uncounted,
  'uac-lost-ack-expect-200-again': uncounted,
  'reads requests that come over TCP in pieces, and several in one piece': 'the server loses what comes behind a keep-alive (CRLFCRLF) in one piece of TCP',
  'uac-hangs-up-while-ringing-expect-487': 'the server answers a BYE in an early dialog with 481, and waits for a CANCEL',
  'uac-wants-reliable-progress-expect-prack': 'the server dies when an INVITE ends before its PRACK: it is refused with 420 instead',
  'fails by transport when the time for it is over, and is not cancelled: nobody may be before a 1xx (RFC 3261 9.1)': unheard,
  'fails by transport too where its ring time is over first': unheard,
  'is cancelled when it rings after it was given up, and not over before that is done': unheard,
  'is acknowledged and hung up when it is answered after it was given up, each repetition of the answer too': unheard,
  'is answered by the next one, and what the first one says later is cancelled': unheard,
  'is the call of the next one though the first one picks up while it rings there': unheard,
  'fails as the next one says, and is gone when the first one can bring nothing more': unheard,
  'uac-unknown-method-expect-405': 'the server discards methods that it does not know',
};

/** A stack that starts a server of its own, and on the same one when it comes as the heir of another. */
const doubles = new Map<number, DrachtioDouble>();
function onDouble(options: SipStackOptions): SipStack {
  const heirTo = doubles.get(options.port);
  // It repeats messages for its client: the timers that a test wants are its own.
  const double = heirTo ?? new DrachtioDouble(options.t1Ms ?? 60);
  const stack = createDrachtioSipStack(options, {
    host: '127.0.0.1', secret: 'secret',
    get port() {
      return double.port;
    },
  });
  const start = stack.start.bind(stack);
  stack.start = async () => {
    if (heirTo === undefined) await double.start();
    const bound = await start();
    doubles.set(bound.port, double);
    return bound;
  };
  return stack;
}
afterAll(async () => {
  await Promise.all([...new Set(doubles.values())].map((double) => double.stop()));
});

describe('on a double of the server', () => {
  sipStackContract('the drachtio adapter', onDouble, CANNOT);
});

const { DRACHTIO_HOST, DRACHTIO_PORT, DRACHTIO_SECRET } = process.env;
if (DRACHTIO_HOST === undefined) {
  it.skip('the whole contract on a real drachtio-server: set DRACHTIO_HOST, DRACHTIO_PORT and DRACHTIO_SECRET', () => undefined);
} else {
  describe('on a real server', () => {
    sipStackContract('the drachtio adapter', (options) => createDrachtioSipStack(options, { host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT ?? 9022), secret: DRACHTIO_SECRET ?? 'cymru' }), CANNOT, true);
  });
}
