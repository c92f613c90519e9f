/** The far end of the benchmark as its own process: answers each call 180, 200 and each BYE. Prints its port as JSON and ends with its stdin. */
import { createNativeSipStack } from '../src/index.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';
const events = { ended: () => undefined };
const stack = createNativeSipStack({
  host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'far-end',
  handlers: {
    classify: () => 'trunk',
    credentialsOf: () => undefined,
    incoming: (call) => {
      call.ring();
      call.answer(SDP).then((established) => established.listen(events), () => undefined);
    },
    registered: () => undefined,
    unregistered: () => undefined,
  },
});
const { port } = await stack.start();
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.resume();
process.stdin.on('end', () => {
  void stack.stop();
});
