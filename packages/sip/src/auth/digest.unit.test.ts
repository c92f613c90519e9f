import { describe, expect, it } from 'vitest';
import { Malformed, parseMessage } from '../wire/message.ts';
import { Authenticator } from './authenticator.ts';
import { authorization, chooseChallenge, digestResponse, parseAuthorization, parseChallenge, verifies } from './digest.ts';
import { Nonces } from './nonces.ts';

const MUFASA = { username: 'Mufasa', password: 'Circle Of Life' };
const RFC2617 = { credentials: MUFASA, realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', method: 'GET', uri: '/dir/index.html' };
const RFC7616 = {
  credentials: { username: 'Mufasa', password: 'Circle of Life' }, realm: 'http-auth@example.org', nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  method: 'GET', uri: '/dir/index.html', qop: 'auth', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', nc: '00000001',
} as const;

describe('a digest response', () => {
  it('is that of RFC 2617 3.5 and RFC 7616 3.9.1', () => {
    expect(digestResponse({ ...RFC2617, algorithm: 'MD5', qop: 'auth', cnonce: '0a4f113b', nc: '00000001' })).toBe('6629fae49393a05397450978507c4ef1');
    expect(digestResponse({ ...RFC7616, algorithm: 'MD5' })).toBe('8ca523f5e9506fed4657c9700eebdbec');
    expect(digestResponse({ ...RFC7616, algorithm: 'SHA-256' })).toBe('753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
  });

  it('without qop is that of RFC 2069', () => {
    expect(digestResponse({ ...RFC2617, algorithm: 'MD5', qop: undefined, cnonce: '', nc: '' })).toBe('670fd8c2df070c60b045671b8b24ff02');
  });
});

describe('a challenge', () => {
  const text = (more: string): string => `Digest realm="r, with comma", nonce="n"${more}`;

  it('is met by an answer that verifies, and by no other', () => {
    for (const more of ['', ', qop="auth,auth-int"', ', algorithm=SHA-256, qop="auth", opaque="o"', ', algorithm=MD5-sess, qop=auth']) {
      const challenge = parseChallenge(text(more));
      if (challenge === undefined) throw new Error('not understood');
      const given = parseAuthorization(authorization(challenge, MUFASA, 'INVITE', 'sip:a@b', 1));
      if (given === undefined) throw new Error('not readable');
      expect(verifies(given, 'INVITE', MUFASA)).toBe(true);
      expect(verifies(given, 'BYE', MUFASA)).toBe(false);
      expect(verifies(given, 'INVITE', { ...MUFASA, password: 'x' })).toBe(false);
      expect(verifies(given, 'INVITE', undefined)).toBe(false);
    }
  });

  it('is not understood with another scheme, algorithm or only auth-int', () => {
    expect(parseChallenge('Basic realm="r"')).toBeUndefined();
    expect(parseChallenge(text(', algorithm=SHA-512-256'))).toBeUndefined();
    expect(parseChallenge(text(', qop="auth-int"'))).toBeUndefined();
  });

  it('with SHA-256 is preferred to one with MD5', () => {
    expect(chooseChallenge([text(', algorithm=MD5'), text(', algorithm=SHA-256')])?.algorithm).toBe('SHA-256');
  });
});

describe('a nonce', () => {
  it('is fresh for its time, stale after it, and forged when not ours', () => {
    const nonces = new Nonces(1_000);
    const nonce = nonces.issue(5_000);
    expect(nonces.check(nonce, 5_900)).toBe('fresh');
    expect(nonces.check(nonce, 6_100)).toBe('stale');
    expect(nonces.check(`${nonce.slice(0, -1)}${nonce.endsWith('0') ? '1' : '0'}`, 5_900)).toBe('forged');
    expect(new Nonces(1_000).check(nonce, 5_900)).toBe('forged');
  });

  it('accepts a count once, and only growing', () => {
    const nonces = new Nonces(1_000);
    expect([nonces.use('n', '00000001'), nonces.use('n', '00000001'), nonces.use('n', '00000003'), nonces.use('n', '00000002')]).toEqual([true, false, true, false]);
    expect([nonces.use('m', ''), nonces.use('m', '')]).toEqual([true, false]);
  });
});

describe('the authenticator', () => {
  const register = (header: string): ReturnType<typeof message> => message(header);
  function message(header: string) {
    const found = parseMessage(`REGISTER sip:r SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:200@r>;tag=1\r\nTo: <sip:200@r>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n${header}\r\n`);
    if (found instanceof Malformed) throw new Error(found.reason);
    return found;
  }
  const setUp = () => {
    const clock = { now: 1_000_000 };
    const auth = new Authenticator('ritmo', (user) => (user === '200' ? { username: '200', password: 'right' } : undefined), 60_000, () => clock.now);
    const answer = (user: string, password: string, old?: string): { header: string; challenge: string } => {
      const verdict = auth.check(register(''), '10.0.0.9', 'authorization');
      const challenge = old ?? (verdict.kind === 'challenge' ? (verdict.headers.split('\r\n')[0] ?? '').replace('WWW-Authenticate: ', '') : '');
      const read = parseChallenge(challenge);
      if (read === undefined) throw new Error('no challenge');
      return { header: `Authorization: ${authorization(read, { username: user, password }, 'REGISTER', 'sip:r', 1)}\r\n`, challenge };
    };
    return { auth, clock, answer };
  };

  it('passes the right password, once per count', () => {
    const { auth, answer } = setUp();
    const { header } = answer('200', 'right');
    expect(auth.check(register(header), '10.0.0.1', 'authorization')).toEqual({ kind: 'passed', user: '200' });
    expect(auth.check(register(header), '10.0.0.1', 'authorization')).toMatchObject({ kind: 'challenge', headers: expect.stringContaining('stale=true') });
  });

  it('offers MD5 and SHA-256, and MD5 alone to phones that give up on any other', () => {
    const { auth } = setUp();
    const offered = (agent: string): string[] => {
      const verdict = auth.check(register(agent === '' ? '' : `User-Agent: ${agent}\r\n`), '10.0.0.9', 'authorization');
      return verdict.kind === 'challenge' ? [...verdict.headers.matchAll(/algorithm=([\w-]+)/g)].map(([, name]) => name ?? '') : [];
    };
    for (const agent of ['baresip v1.0.0 (x86_64/linux)', 'baresip v0.6.5 (arm/linux)']) expect(offered(agent)).toEqual(['MD5']);
    for (const agent of ['', 'baresip v2.0.1 (x86_64/linux)', 'baresip v10.0.0', 'Yealink SIP-T46S 66.86', 'x baresip v1.0.0']) expect(offered(agent)).toEqual(['MD5', 'SHA-256']);
  });

  it('answers an unknown user as it answers a wrong password', () => {
    const { auth, answer } = setUp();
    const known = auth.check(register(answer('200', 'wrong').header), '10.0.0.1', 'authorization');
    const unknown = auth.check(register(answer('999', 'wrong').header), '10.0.0.1', 'authorization');
    expect(known).toEqual({ kind: 'forbidden' });
    expect(unknown).toEqual(known);
  });

  it('calls an old nonce stale when the password is right, and no other', () => {
    const { auth, clock, answer } = setUp();
    const { header, challenge } = answer('200', 'right');
    clock.now += 61_000;
    expect(auth.check(register(header), '10.0.0.1', 'authorization')).toMatchObject({ kind: 'challenge', headers: expect.stringContaining('stale=true') });
    expect(auth.check(register(answer('200', 'wrong', challenge).header), '10.0.0.1', 'authorization')).toEqual({ kind: 'forbidden' });
  });

  const guess = (setting: ReturnType<typeof setUp>, host: string): string => setting.auth.check(register(setting.answer('200', 'guessed').header), host, 'authorization').kind;
  const prove = (setting: ReturnType<typeof setUp>, host: string): string => setting.auth.check(register(setting.answer('200', 'right').header), host, 'authorization').kind;

  it('counts on for a guesser who knows one password, up to a hundred a minute', () => {
    const setting = setUp();
    const kinds: string[] = [];
    for (let count = 0; count < 150; count++) {
      if (count % 5 === 0) prove(setting, '10.0.0.1');
      kinds.push(guess(setting, '10.0.0.1'));
    }
    expect([kinds.filter((kind) => kind === 'forbidden').length, kinds.at(-1)]).toEqual([100, 'blocked']);
  });

  it('lets an office go on whose phones register, though one of them has a wrong password for ever', () => {
    const setting = setUp();
    for (let minute = 0; minute < 30; minute++) {
      expect([prove(setting, '10.0.0.1'), guess(setting, '10.0.0.1'), guess(setting, '10.0.0.1'), guess(setting, '10.0.0.1')]).toEqual(['passed', 'forbidden', 'forbidden', 'forbidden']);
      setting.clock.now += 60_000;
    }
  });

  it('counts a slow guesser by the minute, and is silent for a whole one', () => {
    const setting = setUp();
    for (let count = 0; count < 50; count++) {
      expect(guess(setting, '10.0.0.1')).toBe('forbidden');
      setting.clock.now += 8_000;
    }
    for (let count = 0; count < 10; count++) guess(setting, '10.0.0.2');
    setting.clock.now += 59_000;
    expect(guess(setting, '10.0.0.2')).toBe('blocked');
  });

  it('goes silent for an address that guesses, and for no other', () => {
    const { auth, clock, answer } = setUp();
    for (let guess = 0; guess < 10; guess++) auth.check(register(answer('200', `guess ${guess}`).header), '10.0.0.1', 'authorization');
    expect(auth.check(register(''), '10.0.0.1', 'authorization')).toEqual({ kind: 'blocked' });
    expect(auth.check(register(''), '10.0.0.2', 'authorization').kind).toBe('challenge');
    clock.now += 61_000;
    expect(auth.check(register(''), '10.0.0.1', 'authorization').kind).toBe('challenge');
  });
});
