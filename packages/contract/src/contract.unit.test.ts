import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAddressRules } from './address-rules.ts';
import { answers, answerText } from './answers.ts';
import { catalogue, httpFunctions, socketFunctions, tableFunctions } from './catalogue.ts';
import { createSecretCheck } from './secret.ts';
import { clickToDialUrl, hostOfContact } from './desk-phones.ts';
import { compactMoment, epochOf, localMoment, parseMoment, showMinute } from './local-time.ts';
import { anchorOf, withReference } from './reference.ts';

const zone = 'America/Sao_Paulo';

describe('the catalogue', () => {
  test('has the 28 functions, the 14 commands and the 9 tables that run functions, each name once', () => {
    expect(httpFunctions).toHaveLength(28);
    expect(socketFunctions).toHaveLength(14);
    expect(tableFunctions).toHaveLength(9);
    const paths = httpFunctions.flatMap(({ name, http }) => [name, ...(http.aliases ?? [])]);
    expect(new Set(paths).size).toBe(paths.length);
  });
  test('every door of every function has a section with answers or is a list', () => {
    for (const row of catalogue) {
      for (const section of [row.table?.section, typeof row.socket?.section === 'string' ? row.socket.section : undefined]) {
        if (section !== undefined) expect(answers).toHaveProperty([section]);
      }
      const names = row.parameters.map(({ name }) => name);
      for (const field of row.socket?.fields ?? []) expect(names).toContain(field);
    }
  });
  test('an answer fills in what it is given', () => {
    expect(answerText('1.1.19', 'user-not-created-name', { extension: '44555', name: 'Total IP' })).toBe(
      "Usuário '44555' não foi criado. O nome Total IP já está em uso por outro usuário.",
    );
    expect(() => answerText('1.1.8', 'logged-in')).toThrow(/no answer/);
  });
  test('the reference in the integration guide is the catalogue', async () => {
    const guide = await readFile(new URL('../../../docs/integracao.md', import.meta.url), 'utf8');
    expect(withReference(guide)).toBe(guide);
  });
  test('the integration guide leads to every function, command, view and table, and every link of it to a heading', async () => {
    const read = (page: string): Promise<string> => readFile(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
    const guide = await read('integracao.md');
    const links = [...guide.matchAll(/\]\(([\w.-]*)#([^)]+)\)/g)].map(([, page = '', anchor = '']) => ({ page: page === '' ? 'integracao.md' : page, anchor }));
    const pages = [...new Set(links.map(({ page }) => page))];
    const anchors = new Map<string, string[]>();
    for (const page of pages) anchors.set(page, [...(await read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
    expect(links.filter(({ page, anchor }) => anchors.get(page)?.includes(anchor) !== true)).toEqual([]);
    const led = new Set(links.map(({ page, anchor }) => `${page}#${anchor}`));
    for (const page of ['views-dos-integradores.md', 'tabelas-de-comando.md']) {
      const things = [...(await read(page)).matchAll(/^## (.+)$/gm)].map(([, thing = '']) => thing);
      expect(things.length).toBeGreaterThan(9);
      expect(things.filter((thing) => !led.has(`${page}#${thing}`))).toEqual([]);
    }
    for (const { name, http } of httpFunctions) expect(guide).toContain(`(#${anchorOf(`${name} (${http.section})`)})`);
    for (const { socket } of socketFunctions) expect(guide).toContain(`[\`${socket.command}\`](#`);
  });
});

describe('dates', () => {
  test('DDMMYYYYHHMM and timestamps are local to the installation', () => {
    expect(parseMoment('300320120837', zone)).toBe(Date.parse('2012-03-30T08:37:00-03:00'));
    expect(parseMoment('2012-04-24 16:47:46', zone)).toBe(Date.parse('2012-04-24T16:47:46-03:00'));
    expect(parseMoment('2012-04-24T16:47', 'America/Manaus')).toBe(Date.parse('2012-04-24T16:47:00-04:00'));
  });
  test.each(['', '3003201208', '310220120837', '300320122537', '300320120860', '30/03/2012', '3003201208377', 'abcdefghijkl', '2012-13-01 10:00'])('%s is none', (text) => {
    expect(parseMoment(text, zone)).toBeUndefined();
  });
  test('every minute that a clock showed comes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const at = Math.floor(seconds / 60) * 60_000;
        const back = parseMoment(compactMoment(at, zone), zone);
        // The hour that a clock shows twice, when summer time ends, may be either.
        expect(Math.abs((back ?? 0) - at)).toBeLessThanOrEqual(3_600_000);
        expect(localMoment(epochOf(localMoment(at, zone), zone) ?? 0, zone)).toEqual(localMoment(at, zone));
      }),
    );
  });
  test('a day with its minute is shown as 1.1.14 has it', () => {
    expect(showMinute(Date.parse('2010-11-04T09:51:30-02:00'), zone)).toBe('04/11/2010 09:51');
  });
});

describe('addresses', () => {
  test('loopback is allowed unless it is taken away', () => {
    expect(createAddressRules([], 'loopback')('127.0.0.1')).toBe(true);
    expect(createAddressRules([], 'loopback')('::ffff:127.0.0.1')).toBe(true);
    expect(createAddressRules(['10.0.0.1'], 'loopback')('127.0.0.1')).toBe(true);
    expect(createAddressRules(['!127.0.0.0/8'], 'loopback')('127.0.0.1')).toBe(false);
  });
  test('ranges and single addresses allow, everything else is refused', () => {
    const allowed = createAddressRules(['10.1.0.0/16', '192.168.0.7', '2001:db8::/32', 'nonsense'], 'everyone');
    expect(['10.1.2.3', '192.168.0.7', '2001:db8::1'].map(allowed)).toEqual([true, true, true]);
    expect(['10.2.2.3', '192.168.0.8', '2001:db9::1', '', 'x'].map(allowed)).toEqual([false, false, false, false, false]);
  });
  test('without an entry everyone may, where that is meant', () => {
    expect(createAddressRules([], 'everyone')('8.8.8.8')).toBe(true);
    expect(createAddressRules([], 'loopback')('8.8.8.8')).toBe(false);
  });
});

test('secrets are the same only when they are', () => {
  expect(createSecretCheck('abc')('abc')).toBe(true);
  for (const [given, expected] of [['', 'abc'], ['ab', 'abc'], ['abc\0', 'abc'], ['abd', 'abc'], ['x'.repeat(600), 'x'.repeat(600)]] as const) expect(createSecretCheck(expected)(given)).toBe(false);
});

test('the click-to-dial addresses are those of 1.1.20', () => {
  expect(clickToDialUrl({ model: 'khomp', address: '192.168.0.25', password: 'root' }, '2222')).toEqual({
    url: 'http://192.168.0.25/goform/SavePhoneCAllInfoCfg?DialNumber=2222&Operate=Dail&BlackListAccountID=127',
    authorization: 'Basic cm9vdDpyb290',
  });
  expect(clickToDialUrl({ model: 'grandstream', address: 'ip_address', password: 'admin' }, '12345').url).toBe(
    'http://ip_address/cgi-bin/api-make_call?phonenumber=12345&account=0&password=admin',
  );
});

test.each([
  ['sip:50001@192.168.0.25:5062;transport=udp', '192.168.0.25'],
  ['<sip:50001@192.168.0.25>', '192.168.0.25'],
  ['"Mesa 1" <sips:50001@phone.example:5061>;expires=60', 'phone.example'],
  ['sip:50001@[2001:db8::7]:5060', '[2001:db8::7]'],
  ['sip:192.168.0.25', '192.168.0.25'],
  ['', undefined],
])('a desk phone that registered with %s is at %s', (contact, host) => {
  expect(hostOfContact(contact)).toBe(host);
});
