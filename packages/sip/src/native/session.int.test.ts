import { afterAll, describe, expect, it } from 'vitest';
import { headerIn } from '../contract/raw-peer.ts';
import { RawSetting } from '../contract/raw-setting.ts';
import { ANSWER, HOLD, OFFER } from '../contract/rig.ts';

/** Session timers inside a call, as a peer sees them. */
describe.concurrent('a session', () => {
  const setting = new RawSetting();
  // Side by side, for they wait for timers: all is closed when the last one has ended.
  afterAll(() => setting.close());

  describe('with a session timer, in an offer of its own (RFC 4028 7.4)', () => {
    it.each([
      ['uac', 'uas', 'INVITE', ''], ['uac', 'uas', 'UPDATE', 'Allow: INVITE, ACK, BYE, UPDATE\r\n'], ['uas', 'uac', 'INVITE', ''], ['uas', 'uac', 'UPDATE', 'Allow: INVITE, ACK, BYE, UPDATE\r\n'],
    ])('keeps the interval and who refreshes: the %s of the call is the %s of our %s', async (asked, kept, method, allow) => {
      const { peer, callee } = await setting.answered({}, `Supported: timer\r\nSession-Expires: 600;refresher=${asked}\r\n${allow}`);
      const held = callee.call.update(HOLD);
      const offer = await peer.next(new RegExp(`^${method}`));
      expect([headerIn(offer, 'Session-Expires'), Number(headerIn(offer, 'Min-SE'))]).toEqual([`600;refresher=${kept}`, 90]);
      peer.reply(offer, '200 OK', 'x', `Session-Expires: 600;refresher=${kept}\r\n`, ANSWER);
      expect(await held).toBe(ANSWER);
    });

    it('goes on without one where the peer ends it', async () => {
      const { peer, callee } = await setting.answered({ minSessionExpiresS: 1 }, 'Supported: timer\r\nSession-Expires: 3;refresher=uac\r\n');
      const held = callee.call.reinvite(HOLD);
      peer.reply(await peer.next(/^INVITE/), '200 OK', 'x', '', ANSWER);
      await held;
      // The interval of another call, whose peer promised to refresh, passes meanwhile.
      const other = await setting.answered({ minSessionExpiresS: 1 }, 'Supported: timer\r\nSession-Expires: 3;refresher=uac\r\n');
      expect(await other.callee.ended()).toMatchObject({ by: 'timeout' });
      expect(callee.ends).toEqual([]);
    });
  });

  describe('as the refresher of a session (RFC 4028 10)', () => {
    const TIMER = 'Supported: timer\r\nSession-Expires: 3;refresher=uas\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n';

    it('takes to re-INVITE where UPDATE turns out not to be taken', async () => {
      const { peer, callee } = await setting.answered({ minSessionExpiresS: 1 }, TIMER);
      peer.reply(await peer.next(/^UPDATE/), '405 Method Not Allowed', 'x');
      peer.reply(await peer.next(/^INVITE/), '200 OK', 'x', 'Session-Expires: 3;refresher=uac\r\n', OFFER);
      await peer.next(/^ACK/);
      await peer.next(/^INVITE[^]*CSeq: 3 INVITE/);
      expect(callee.ends).toEqual([]);
    });

    it('asks for the longer interval that a 422 names', async () => {
      const { peer } = await setting.answered({ minSessionExpiresS: 1 }, TIMER);
      peer.reply(await peer.next(/^UPDATE/), '422 Session Interval Too Small', 'x', 'Min-SE: 7\r\n');
      expect(headerIn(await peer.next(/^UPDATE[^]*CSeq: 2 UPDATE/), 'Session-Expires')).toBe('7;refresher=uac');
    });

    it('hangs up when the interval ends and every refresh was refused', async () => {
      const { peer, callee } = await setting.answered({ minSessionExpiresS: 1 }, TIMER);
      const refusing = setInterval(() => {
        for (const update of peer.received.filter((each) => each.startsWith('UPDATE'))) peer.reply(update, '500 Server Internal Error', 'x');
      }, 20);
      setting.keep({ destroy: () => clearInterval(refusing) });
      expect(await callee.ended()).toEqual({ by: 'timeout', reasonPhrase: 'session expired' });
      expect(peer.received.some((each) => each.startsWith('UPDATE'))).toBe(true);
      await peer.next(/^BYE/);
    });
  });
});
