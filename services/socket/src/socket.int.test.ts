import { connect } from 'node:net';
import { eventually } from '@ritmo/contract/testing';
import { expect, test } from 'vitest';
import { app, reader, stage, statusChanged } from './testing/rig.ts';

test('a reader that does not read is cut, the others get every line in order', async () => {
  const stuck = await reader();
  const good = await reader();
  stuck.socket.pause();
  let cut = false;
  stuck.socket.on('close', () => (cut = true)).on('error', () => undefined);
  const wanted: string[] = [];
  const padding = 'x'.repeat(1_000);
  await eventually(async () => {
    for (let index = 0; index < 30; index += 1) {
      wanted.push(`<S><${padding}${wanted.length}><1><Logado>`);
      stage.bus.publish('fact.AgentStatusChanged', statusChanged(`${padding}${wanted.length - 1}`));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    return stage.logged.some(({ msg }) => msg === 'a reader that does not read is cut');
  });
  stuck.socket.resume();
  await eventually(() => cut);
  await eventually(() => good.lines().length === wanted.length);
  expect(good.lines()).toEqual(wanted);
  good.socket.destroy();
});

function write(text: string | Buffer, options: { end?: boolean } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: app.writePort(), host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('end', () => {
      socket.end();
      resolve(answer);
    });
    socket.write(text);
    if (options.end === true) socket.end();
  });
}

test('a command is answered with or without a line end, in any case of letters, and the connection closes', async () => {
  stage.answer('acd.agent.set-status', { ok: true });
  for (const text of ['<SETSTATUS><40000><1>', '<SETSTATUS><40000><1>\r\n', '<setstatus> <40000> <1>\n']) {
    expect(await write(text)).toBe('STATUS ALTERADO COM SUCESSO\r\n');
  }
  expect(await write('<SETSTATUS><40000>', { end: true })).toBe('RAMAL OU STATUS_ID NAO INFORMADO\r\n');
  expect(await write('<SETSTATUS><40000>')).toBe('RAMAL OU STATUS_ID NAO INFORMADO\r\n');
});

test('a command is read in UTF-8 and in Latin-1, in pieces, and behind what a Telnet client negotiates', async () => {
  stage.answer('dialer.disposition.set', { ok: true });
  const text = '<SETSTATUSTELEFONECAMPANHA><João Conceição><33553434><1><1><40000>';
  const told = 'STATUS CADASTRADO COM SUCESSO\r\n';
  const asked = () => (stage.asked.at(-1)?.request as { parameter1: string } | undefined)?.parameter1;
  for (const bytes of [Buffer.from(text, 'utf8'), Buffer.from(text, 'latin1'), Buffer.concat([Buffer.from([255, 251, 31, 255, 253, 3]), Buffer.from(`${text}\r\n`)])]) {
    stage.asked.length = 0;
    expect(await write(bytes)).toBe(told);
    expect(asked()).toBe('João Conceição');
  }
  // A letter of two bytes that comes in two packets.
  stage.asked.length = 0;
  const bytes = Buffer.from(text, 'utf8');
  const cut = bytes.indexOf('ã') + 1;
  const answered = new Promise<string>((resolve, reject) => {
    let answer = '';
    const socket = connect(app.writePort(), '127.0.0.1').setNoDelay(true).setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer));
    socket.write(bytes.subarray(0, cut));
    setTimeout(() => socket.write(bytes.subarray(cut)), 50);
  });
  expect(await answered).toBe(told);
  expect(asked()).toBe('João Conceição');
});

test('what is no command, too long, or never comes gets the syntax message', async () => {
  const syntax = 'PARAMETROS NAO INFORMADOS VERIFIQUE SINTAXE DO COMANDO\r\n';
  expect(await write('hello\n')).toBe(syntax);
  expect(await write('<NADA><1>')).toBe(syntax);
  expect(await write(`<SETSTATUS><${'4'.repeat(9_000)}`)).toBe(syntax);
  expect(await write('<SETSTATUS><40')).toBe(syntax);
});

test('an address that is not allowed is told so', async () => {
  stage.put('settings', { id: 1, socketWriteAllow: ['!127.0.0.1'] });
  expect(await write('<SETSTATUS><40000><1>')).toBe('IP NAO TEM AUTORIZACAO PARA ESCREVER COMANDOS NO SOCKET\r\n');
  stage.put('settings', { id: 1 });
  expect(await write('<SETSTATUS><40000><1>')).toBe('STATUS ALTERADO COM SUCESSO\r\n');
});
