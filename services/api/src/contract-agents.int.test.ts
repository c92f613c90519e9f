/** Section 1.1 word for word, agents: every example of the manual, and every line under "Retornos" provoked. */
import { answers } from '@ritmo/contract';
import { describe, expect, test } from 'vitest';
import { base, everyLineWasProvoked, get, groups, onTheContractStage, provoke, refuse, stage } from './testing.ts';

onTheContractStage();

describe('1.1.1 to 1.1.4: login and logout', () => {
  test('login', async () => {
    stage.answer('acd.agent.login', ({ extension }) => {
      switch (extension as string) {
        case '10005':
        case '40024':
          return { ok: true };
        case '40045':
          return refuse('hardphone');
        case '40009':
          return refuse('not-registered');
        case '20010':
          return refuse('licence');
      }
      return refuse('unknown-agent');
    });
    await provoke('1.1.1', 'logged-in', 'api/login?ramal=10005', 'RAMAL LOGADO COM SUCESSO');
    await provoke('1.1.1', 'logged-in', 'api/login?ramal=40024', 'RAMAL LOGADO COM SUCESSO');
    await provoke('1.1.1', 'extension-missing', 'api/login', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.1', 'extension-unknown', 'api/login?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.1', 'hardphone', 'api/login?ramal=40045', 'NAO É POSSÍVEL EFETUAR LOGIN DE HARDPHONE VIA API');
    await provoke('1.1.1', 'licence-exceeded', 'api/login?ramal=20010', 'LICENÇA DE RAMAIS EXCEDIDA');
    await provoke('1.1.1', 'not-connected', 'api/login?ramal=40009', 'SOFTPHONE NÃO ESTÁ CONECTADO');
    await provoke('1.1.1', 'extension-blocked', 'api/login?ramal=70000', 'RAMAL ESTA BLOQUEADO');
    expect(stage.asked[0]).toEqual({
      subject: 'acd.agent.login',
      request: { extension: '10005', sharedExtension: null, hardphone: false, by: { kind: 'http', id: '127.0.0.1' } },
    });
  });
  test('logout', async () => {
    stage.answer('acd.agent.logout', ({ extension, hardphone }) =>
      extension === '1' ? refuse('unknown-agent') : extension === '40045' && !hardphone ? refuse('hardphone') : { ok: true },
    );
    await provoke('1.1.2', 'logged-out', 'api/logout?ramal=10005', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.2', 'logged-out', 'api/logout?ramal=40024', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.2', 'extension-missing', 'api/logout', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.2', 'extension-unknown', 'api/logout?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.2', 'hardphone', 'api/logout?ramal=40045', 'NÃO É POSSÍVEL EFETUAR LOGOUT DE HARDPHONE VIA API');
    await provoke('1.1.4', 'logged-out', 'api/logout_hardphone?ramal=40045', 'RAMAL DESLOGADO COM SUCESSO');
    await provoke('1.1.4', 'extension-missing', 'api/logout_hardphone', 'RAMAL NÃO INFORMADO');
    await provoke('1.1.4', 'extension-unknown', 'api/logout_hardphone?ramal=1', 'RAMAL NÃO ENCONTRADO');
  });
  test('login of a hardphone and at a shared extension', async () => {
    stage.answer('acd.agent.login', ({ extension, sharedExtension }) => {
      if (extension === '1' || (extension === '10005' && sharedExtension === null)) return refuse('unknown-agent');
      if (extension === '2') return refuse('licence');
      return sharedExtension === null || sharedExtension === '50001' ? { ok: true } : refuse('unknown-shared-extension');
    });
    await provoke('1.1.3', 'logged-in', '/api/login_hardphone?ramal=40018&hardphone=50001', 'RAMAL LOGADO COM SUCESSO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ extension: '40018', sharedExtension: '50001', hardphone: true });
    await provoke('1.1.3', 'extension-missing', 'api/login_hardphone', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'extension-unknown', 'api/login_hardphone?ramal=1', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'shared-extension-unknown', 'api/login_hardphone?ramal=40018&hardphone=59999', 'RAMAL NÃO ENCONTRADO');
    // The shared extension is missing: 10005 is no hardphone itself, the acd says (services/acd, app.int.test.ts).
    await provoke('1.1.3', 'extension-unknown', 'api/login_hardphone?ramal=10005', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.3', 'extension-unknown', 'api/login_hardphone?ramal=10005&hardphone=', 'RAMAL NÃO ENCONTRADO');
    expect(stage.asked.at(-1)?.request).toMatchObject({ extension: '10005', sharedExtension: null, hardphone: true });
    await provoke('1.1.3', 'logged-in', 'api/login_hardphone?ramal=40024', 'RAMAL LOGADO COM SUCESSO');
    await provoke('1.1.3', 'licence-exceeded', 'api/login_hardphone?ramal=2', 'LICENÇA DE RAMAIS EXCEDIDA');
    await provoke('1.1.3', 'extension-blocked', 'api/login_hardphone?ramal=70000', 'RAMAL ESTA BLOQUEADO');
  });
});

describe('1.1.5, 1.1.9 to 1.1.11, 1.1.24: lists', () => {
  test('status', async () => {
    expect(await get('api/status')).toBe('1;Logado\n2;Deslogado\n3;Siga-me\n4;Reunião\n5;Visita em Cliente\n6;Intervalo de Almoço\n7;Feedback\n55;Intervalo Almoço');
  });
  test('usuarios, by the code of the user', async () => {
    const lines = (await get('api/usuarios')).split('\n');
    expect(lines.slice(0, 4)).toEqual(['1;Suporte Totalip;99999', '5;Eduardo Moreira;40009', '9;Marina Fagundes Romero;40119', '10;Cláudia Nascimento;64136']);
    expect(await get(`api/${encodeURIComponent('usuários')}`)).toBe(lines.join('\n'));
  });
  test('usuarios: the example of 1.1.9', async () => {
    const before = stage.context.directory.all('agent');
    for (const { id } of before) stage.remove('agent', id);
    const example = [
      [1, 'Suporte Totalip', '99999'], [5, 'Marcos Pereira', '67156'], [10, 'Cláudia Nascimento', '64136'], [11, 'Pedro Faria', '62152'],
      [12, 'Júlio da Silva', '65198'], [14, 'Rafael Bueno', '62197'], [18, 'Rodrigo Soares', '65160'], [17, 'Fernanda Martins', '60179'],
    ] as const;
    for (const [id, name, extension] of example) stage.put('agent', { id, name, extension, ...base });
    // The example shows 18 before 17; its own words are "ordenados pelo código do usuário".
    expect(await get('api/usuarios')).toBe(
      '1;Suporte Totalip;99999\n5;Marcos Pereira;67156\n10;Cláudia Nascimento;64136\n11;Pedro Faria;62152\n12;Júlio da Silva;65198\n14;Rafael Bueno;62197\n17;Fernanda Martins;60179\n18;Rodrigo Soares;65160',
    );
    for (const [id] of example) stage.remove('agent', id);
    for (const agent of before) stage.put('agent', agent);
  });
  test('campanhas', async () => {
    expect(await get('api/campanhas')).toBe('1;Campanha Clientes X\n2;Campanha Clientes Y\n3;Campanha Clientes Z');
  });
  test('status_campanhas', async () => {
    expect(await get('api/status_campanhas')).toBe(
      '3;Entregue ao Operador\n7;Ocupado\n8;Não Atende\n9;Discado Sistema\n11;Desligado Sem Operadores Livres\n12;Rota Indisponível\n13;Número Inválido',
    );
  });
  test('status_telefone', async () => {
    expect(await get('api/status_telefone')).toBe('0;Livre\n1;Ocupado\n2;Ocupado\n3;Ocupado\n4;Desconectado\n8;Tocando\n9;Ocupado');
  });
});

describe('1.1.6, 1.1.25, 1.1.26: status and pauses', () => {
  test('set_status', async () => {
    stage.answer('acd.agent.set-status', ({ extension, statusId }) => {
      if (extension === '10010') return refuse('hardphone');
      if (extension === '1') return refuse('unknown-agent');
      if (extension === '2') return refuse('licence');
      if (extension === '70000') return refuse('blocked');
      return statusId === 5 ? { ok: true } : refuse('unknown-status');
    });
    await provoke('1.1.6', 'extension-or-status-missing', 'api/set_status?ramal=10005', 'RAMAL OU STATUS_ID NAO INFORMADO');
    await provoke('1.1.6', 'status-changed', 'api/set_status?ramal=10005&status_id=5', 'STATUS ALTERADO COM SUCESSO');
    await provoke('1.1.6', 'hardphone', 'api/set_status?ramal=10010&status_id=3', 'NAO E POSSIVEL ALTERAR STATUS DE HARDPHONE');
    await provoke('1.1.6', 'extension-unknown', 'api/set_status?ramal=1&status_id=3', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.6', 'status-unknown', 'api/set_status?ramal=10005&status_id=99', 'STATUS NÃO EXISTE');
    await provoke('1.1.6', 'status-unknown', 'api/set_status?ramal=10005&status_id=abc', 'STATUS NÃO EXISTE');
    await provoke('1.1.6', 'extension-or-status-missing', 'api/set_status?status_id=5', 'RAMAL OU STATUS_ID NAO INFORMADO');
    // What the manual leaves open: one who is blocked, and one more than there are licences for.
    await provoke('1.1.6', 'extension-unknown', 'api/set_status?ramal=70000&status_id=5', 'RAMAL NÃO ENCONTRADO');
    await provoke('1.1.6', 'licence-exceeded', 'api/set_status?ramal=2&status_id=5', 'LICENÇA DE RAMAIS EXCEDIDA');
  });
  test('set_pause of one more than there are licences for', async () => {
    stage.answer('acd.agent.pause', refuse('licence'));
    await provoke('1.1.25', 'licence-exceeded', 'api/set_pause?ramal=10005', 'LICENÇA DE RAMAIS EXCEDIDA');
  });
  test.each([
    ['1.1.25', 'set_pause', 'acd.agent.pause'],
    ['1.1.26', 'set_unpause', 'acd.agent.unpause'],
  ] as const)('%s %s', async (section, name, subject) => {
    stage.answer(subject, ({ extension }) => (extension === '1' ? refuse('unknown-agent') : extension === '5' ? refuse('already') : { ok: true }));
    await provoke(section, 'pause-changed', `api/${name}?ramal=10005`, 'PAUSA ALTERADA COM SUCESSO');
    await provoke(section, 'pause-changed', `api/${name}?ramal=5`, 'PAUSA ALTERADA COM SUCESSO');
    await provoke(section, 'extension-missing', `api/${name}`, 'RAMAL NAO INFORMADO');
    await provoke(section, 'extension-unknown', `api/${name}?ramal=1`, 'RAMAL NAO ENCONTRADO');
  });
});

everyLineWasProvoked('agents');

test('the groups are all of section 1.1', () => {
  const sections = Object.keys(answers).filter((section) => section.startsWith('1.1'));
  const listed = Object.values(groups).flat() as string[];
  expect(sections.filter((section) => !listed.includes(section))).toEqual([]);
});
