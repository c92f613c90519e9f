import { describe, expect, it } from 'vitest';
import { Meter } from './meter.ts';
import { percentile, ratios, type CallFacts } from './metrics.ts';
import { parseWireLine, type WireRecord } from './wire-log.ts';

const startMs = 1_000_000;

/** A message of the far end that is called: it receives INVITE, ACK and CANCEL, and sends the responses. */
const message = (atMs: number, call: string, what: string | number, options: { readonly method?: string; readonly sent?: boolean; readonly cseq?: number } = {}): WireRecord => ({
  atMs: startMs + atMs,
  sent: options.sent ?? typeof what === 'number',
  sipCallId: call,
  cseq: options.cseq ?? 1,
  method: options.method ?? (typeof what === 'number' ? 'INVITE' : what === 'ACK' ? 'ACK' : what),
  code: typeof what === 'number' ? what : undefined,
});

function metered(...messages: readonly WireRecord[]): Meter {
  const meter = new Meter(startMs);
  for (const each of messages) meter.record(each);
  return meter;
}

describe('a line of the short message log', () => {
  it('is read with its microseconds', () => {
    expect(parseWireLine('2026-11-22\t22:08:23.108340\t1795385303.108340\tR\t7.1@127.0.0.1\tCSeq:1 INVITE\tINVITE sip:11900000000@127.0.0.1:28926 SIP/2.0')).toEqual({
      atMs: 1_795_385_303_108.34, sent: false, sipCallId: '7.1@127.0.0.1', cseq: 1, method: 'INVITE', code: undefined,
    });
    expect(parseWireLine('2026-11-22\t22:08:23.1\t1795385303.1\tS\t7.1@h\tCSeq:3 BYE\tSIP/2.0 481 Call/Transaction Does Not Exist')).toMatchObject({ sent: true, method: 'BYE', code: 481, cseq: 3 });
  });

  it('is passed over when it is something else', () => {
    expect(parseWireLine('Warning: open file limit')).toBeUndefined();
  });
});

describe('the meter', () => {
  it('times an answered call from INVITE to BYE', () => {
    const meter = metered(
      message(0, 'a', 'INVITE'), message(5, 'a', 100), message(200, 'a', 180), message(1200, 'a', 200), message(1230, 'a', 'ACK'), message(4200, 'a', 'BYE', { cseq: 2 }),
      message(4207, 'a', 200, { method: 'BYE', cseq: 2 }),
    );
    expect(meter.figures()).toMatchObject({
      attempts: 1, answered: 1, refused: 0, undecided: 0, pddP50Ms: 200, srdP50Ms: 200, setupP99Ms: 1200, ackP99Ms: 30, sddP99Ms: 7, sdtMeanS: 3, serPct: 100, maxChannels: 1, channelsLeft: 0,
      byCode: { 200: 1 },
    });
    expect(meter.point(1, 4)).toMatchObject({ second: 1, asked: 4, invites: 0, answered: 1, setupP50Ms: 1200, serPct: 100 });
  });

  it('takes the refusal as the first sign where nothing came before it', () => {
    const figures = metered(message(0, 'a', 'INVITE'), message(1, 'a', 100), message(80, 'a', 486)).figures();
    expect(figures).toMatchObject({ pddP50Ms: 80, srdP50Ms: null, srdFailedP50Ms: 80, refused: 1, byCode: { 486: 1 }, channelsLeft: 0 });
  });

  it('takes the ringing before a refusal as the delay of the failed call (RFC 6076 4.3.2), and neither a challenge nor a redirection', () => {
    const figures = metered(
      message(0, 'a', 'INVITE'), message(150, 'a', 180), message(900, 'a', 486),
      message(0, 'b', 'INVITE'), message(40, 'b', 407), message(41, 'b', 'INVITE', { cseq: 2 }), message(250, 'b', 503, { cseq: 2 }),
      message(0, 'c', 'INVITE'), message(30, 'c', 302),
    ).figures();
    expect(figures).toMatchObject({ srdFailedP50Ms: 150, srdFailedP95Ms: 250, srdP50Ms: null });
  });

  it('has the metrics of RFC 6076 of each second', () => {
    const meter = metered(
      ...['a', 'b', 'c', 'd', 'e'].map((call) => message(0, call, 'INVITE')),
      message(300, 'a', 180), message(500, 'b', 200), message(600, 'c', 486), message(700, 'd', 503), message(800, 'e', 302), message(1200, 'a', 480),
    );
    // Decided in the first second: answered, busy, failed; the redirected one is no attempt. In the second one: not there.
    const first = meter.point(0, 5);
    expect(first).toMatchObject({ srdP50Ms: 300, srdP95Ms: 500 });
    expect(first.serPct).toBeCloseTo(100 / 3, 6);
    expect(first.seerPct).toBeCloseTo(200 / 3, 6);
    expect(meter.point(1, 0)).toMatchObject({ srdP50Ms: null, serPct: 0, seerPct: 100 });
  });

  it('knows the answers of calls that it has swept', () => {
    const meter = metered(
      message(0, 'a', 'INVITE'), message(100, 'a', 200), message(110, 'a', 'ACK'), message(500, 'a', 'BYE', { cseq: 2 }), message(505, 'a', 200, { method: 'BYE', cseq: 2 }),
      ...[40_000, 80_000, 120_000].flatMap((atMs) => [message(atMs, `later${atMs}`, 'INVITE'), message(atMs + 10, `later${atMs}`, 486)]),
    );
    expect([...meter.answers()]).toEqual([['a', startMs + 100]]);
    expect(meter.figures()).toMatchObject({ attempts: 4, answered: 1 });
  });

  it('counts what was left standing before it is hung up by force', () => {
    const meter = metered(message(0, 'a', 'INVITE'), message(100, 'a', 200), message(110, 'a', 'ACK'));
    meter.close();
    meter.record(message(900, 'a', 'BYE', { cseq: 2 }));
    expect(meter.figures().channelsLeft).toBe(1);
  });

  it('counts what came or went again, but not the ACK that answers a repeated 200', () => {
    const figures = metered(
      message(0, 'a', 'INVITE'), message(500, 'a', 'INVITE'), message(600, 'a', 180), message(700, 'a', 180), message(900, 'a', 200), message(1400, 'a', 200), message(1450, 'a', 'ACK'), message(1460, 'a', 'ACK'),
    ).figures();
    expect(figures).toMatchObject({ attempts: 1, retransmissionsReceived: 1, retransmissionsSent: 1, retransmissionPct: 200, ackP50Ms: 550 });
  });

  it('holds a challenged call for one call that goes on', () => {
    const meter = metered(
      message(0, 'a', 'INVITE', { sent: true }), message(10, 'a', 407, { sent: false }), message(11, 'a', 'ACK', { sent: true }), message(12, 'a', 'INVITE', { sent: true, cseq: 2 }),
      message(100, 'a', 180, { sent: false, cseq: 2 }), message(300, 'a', 200, { sent: false, cseq: 2 }),
    );
    expect(meter.figures()).toMatchObject({ attempts: 1, answered: 1, refused: 0, pddP50Ms: 100, retransmissionsSent: 0, channelsLeft: 1 });
  });

  it('leaves a re-INVITE out', () => {
    const figures = metered(
      message(0, 'a', 'INVITE'), message(100, 'a', 200), message(110, 'a', 'ACK'), message(500, 'a', 'INVITE', { cseq: 2 }), message(510, 'a', 488, { cseq: 2 }),
    ).figures();
    expect(figures).toMatchObject({ attempts: 1, answered: 1, refused: 0, byCode: { 200: 1 } });
  });

  it('says which second exceeded which limit', () => {
    const meter = new Meter(startMs);
    meter.limit({ atMs: startMs - 5000, callsPerSecond: 2, channels: 3 });
    for (const [index, atMs] of [0, 400, 1001, 1300, 1399].entries()) meter.record(message(atMs, `c${index}`, 'INVITE'));
    // The window of 1399 holds 400, 1001, 1300 and 1399; that of 1300 three; the fourth and the fifth channel are beyond three.
    expect(meter.exceededDetails).toEqual([
      { second: 1, kind: 'callsPerSecond', seen: 3, limit: 2 },
      { second: 1, kind: 'channels', seen: 4, limit: 3 },
      { second: 1, kind: 'callsPerSecond', seen: 4, limit: 2 },
      { second: 1, kind: 'channels', seen: 5, limit: 3 },
    ]);
    expect(meter.figures()).toMatchObject({ cpsLimitExceeded: 2, channelLimitExceeded: 2, peakCps: 4, maxChannels: 5 });
  });

  it('stays quiet while the window of a lowered limit still holds calls of the higher one', () => {
    const meter = new Meter(startMs);
    meter.limit({ atMs: startMs - 5000, callsPerSecond: 3, channels: 9 });
    for (const atMs of [0, 100, 200]) meter.record(message(atMs, `a${atMs}`, 'INVITE'));
    meter.limit({ atMs: startMs + 300, callsPerSecond: 1, channels: 9 });
    meter.record(message(1050, 'b', 'INVITE'));
    expect(meter.exceededDetails).toEqual([]);
    meter.record(message(1400, 'c', 'INVITE'));
    expect(meter.exceededDetails).toEqual([{ second: 1, kind: 'callsPerSecond', seen: 2, limit: 1 }]);
  });

  it('frees the channel of an INVITE that met silence when its caller gives up', () => {
    const meter = metered(message(0, 'a', 'INVITE'), message(500, 'a', 'INVITE'), message(0, 'b', 'INVITE'), message(5, 'b', 100));
    meter.tick(startMs + 32_000);
    expect(meter.channels).toBe(2);
    meter.tick(startMs + 32_001);
    expect(meter.channels).toBe(1);
    expect(meter.figures()).toMatchObject({ undecided: 2, channelsLeft: 1 });
  });

  it('frees the channel of a cancelled call at its 487', () => {
    const meter = metered(message(0, 'a', 'INVITE'), message(100, 'a', 180), message(900, 'a', 'CANCEL'), message(901, 'a', 200, { method: 'CANCEL' }), message(902, 'a', 487));
    expect(meter.figures()).toMatchObject({ cancelled: 1, refused: 1, channelsLeft: 0, byCode: { 487: 1 } });
  });
});

describe('the ratios of RFC 6076', () => {
  const refused = (code: number): CallFacts => ({ invitedAtMs: 0, refusedAtMs: 1, code });
  const answered: CallFacts = { invitedAtMs: 0, answeredAtMs: 1 };

  it('come out as counted by hand', () => {
    // 10 calls: 4 answered, 2 busy, 1 declined, 1 of 503, 1 of 404, 1 redirected. 9 count for SER and SEER, 10 for ISA.
    const calls = [answered, answered, answered, answered, refused(486), refused(486), refused(603), refused(503), refused(404), refused(302)];
    const { serPct, seerPct, isaPct } = ratios(calls);
    expect(serPct).toBeCloseTo(44.444, 2);
    expect(seerPct).toBeCloseTo(77.778, 2);
    expect(isaPct).toBe(10);
  });

  it('are not there without calls', () => {
    expect(ratios([])).toEqual({ serPct: null, seerPct: null, isaPct: null });
    expect(ratios([refused(407)])).toEqual({ serPct: null, seerPct: null, isaPct: 0 });
  });
});

describe('percentiles', () => {
  it('are values that occurred, by nearest rank', () => {
    expect(percentile([15, 20, 35, 40, 50], 40)).toBe(20);
    expect(percentile([3, 1, 2], 50)).toBe(2);
    expect(percentile([3, 1, 2], 99)).toBe(3);
    expect(percentile([], 50)).toBeNull();
  });
});
