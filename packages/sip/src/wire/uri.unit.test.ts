import { describe, expect, it } from 'vitest';
import { parseNameAddress } from './address.ts';
import { escapeUser, parseUri, unescape } from './uri.ts';

describe('a SIP URI', () => {
  it.each([
    ['sip:alice@example.com', { user: 'alice', host: 'example.com', port: undefined }],
    ['sip:+5511999998888@10.0.0.1:5080;user=phone', { user: '+5511999998888', host: '10.0.0.1', port: 5080 }],
    ['sips:[2001:db8::10]:5061', { scheme: 'sips', user: '', host: '2001:db8::10', port: 5061 }],
    ['sip:user;par=u%40example.net@example.com', { user: 'user;par=u@example.net', host: 'example.com' }],
    ['sip:a:secret@h', { user: 'a', host: 'h' }],
    ['SIP:H', { scheme: 'sip', host: 'h' }],
    ['tel:+55-11-99999-8888', { scheme: 'tel', user: '+5511999998888' }],
  ])('%s', (text, expected) => {
    expect(parseUri(text)).toMatchObject(expected);
  });

  it('keeps parameters and headers apart', () => {
    const uri = parseUri('sip:a@h;transport=TCP;lr?Replaces=x%3Bto-tag%3D1');
    expect([...(uri?.params ?? [])]).toEqual([['transport', 'TCP'], ['lr', '']]);
    expect(uri?.headers).toBe('Replaces=x%3Bto-tag%3D1');
  });

  it.each(['alice', 'http://x', 'sip:', 'sip:a@', 'sip:a@h:99999', 'sip:a@h:x', 'sip:a b@h', 'sip:a@h<'])('refuses %s', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  it('escapes what may not stand in a user part, and back', () => {
    expect(escapeUser('*#06#')).toBe('*%2306%23');
    expect(unescape(escapeUser('a@b c'))).toBe('a@b c');
  });
});

describe('a name-addr', () => {
  it.each([
    ['"A \\"B\\" <x>" <sip:a@b;p=1>;tag=2', { displayName: 'A "B" <x>', uri: 'sip:a@b;p=1' }],
    ['Ana Maria <sip:a>', { displayName: 'Ana Maria', uri: 'sip:a' }],
    ['sip:a@b;tag=2', { displayName: undefined, uri: 'sip:a@b' }],
  ])('%s', (text, expected) => {
    expect(parseNameAddress(text)).toMatchObject(expected);
  });

  it.each(['"open <sip:a>', 'Bell, Alexander <sip:a@b>', '<sip:a', ''])('refuses %s', (text) => {
    expect(parseNameAddress(text)).toBeUndefined();
  });
});
