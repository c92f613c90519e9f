import { startTestDatabase } from '@ritmo/database/testing';
import { expect, it } from 'vitest';
import { describeViews } from './catalogue.ts';
import { prepareSchema, viewNames } from './schema.ts';

/** CAMPOS DA TABELA and the lists under "Onde" of section 1.3, in the spelling that rulings give them. */
const documented: Readonly<Record<string, string>> = {
  campanhas:
    'id nome ativa telefones_restantes numeros_agendados agendamento_operador clientes_finalizados clientes_nao_finalizados ligacoes_atendidas ligacoes_nao_atendidas ligacoes_ocupadas retentativas discando ligacoes_em_andamento_ura clientes_em_ligacao ligacoes_fila clientes_virgens entregues_sem_tabulacao',
  historicos_campanhas: 'id_campanha id_cliente telefone_cliente identificador1 identificador2 ramal data historico',
  ura_logs: 'uniqueid id_ura nome_ura comando_ura arquivo_de_som opcao duracao data',
  status_servidores: 'id nome status',
  ligacoes_ativo:
    'id destino duracao billing status ramal data tipo_ligacao custo custo_total custo_arrendado custo_arredondado billing_arredondado filiai filial uniqueid id_campanha id_rota nome_rota desligamento_solicitado',
  ligacoes_receptivo: 'id origem destino duracao billing status ramal data tipo_ligacao custo custo_total uniqueid desligamento_solicitado',
  resultado_discador: 'id id_campanha identificador1 identificador2 identificador3 telefone id_status status data codigo_ligacao discar_em discar_em_operador',
  telefones_nao_trabalhados: 'id id_campanha identificador1 identificador2 telefone importado_em discar_em',
  usuarios:
    'id nome ramal id_status_usuario status_usuario id_status_telefone nome_status_telefone id_grupo email mobile tipo_da_ligacao tipo_de_ligacao uniqueid parametro1 parametro2 telefone id_campanha telefone_origem',
  status_usuarios: 'id nome',
  status_telefone: 'id nome',
  telefones_campanhas: 'id campanha_id id_campanha parametro1 parametro2 parametro3 parametro4 telefone id_status status importado_em prioridade',
  status_discador: 'id nome',
  grupos: 'id_grupo nome',
  pausas: 'id_usuario ramal id_status nome_status data tempo',
  resultados_ura_pesquisa: 'id ura_pesquisa comando arquivo pergunta resposta grupo_atendimento id_usuario data uniqueid',
  grupos_de_atendimento: 'id nome',
  grupos_de_atendimento_logs: 'id id_grupo_de_atendimento tempo_em_espera duracao id_campanha id_usuario numero_origem data uniqueid',
  grupo_de_atendimento_telefones: 'grupo_de_atendimento_id telefone',
  grupos_de_atendimento_telefones: 'grupo_de_atendimento_id telefone',
  grupo_de_atendimento_usuarios: 'usuario_id grupo_de_atendimento_id',
  grupos_de_atendimento_usuarios: 'usuario_id grupo_de_atendimento_id',
  grupo_de_atendimento_usuarios_status: 'nome_grupo_de_atendimento nome_usuario ramal status_usuario status_telefone',
  grupos_de_atendimento_usuarios_status: 'nome_grupo_de_atendimento nome_usuario ramal status_usuario status_telefone',
  uso_canais: 'nome descricao trunk_id limite uso porcentagem',
  tentativas_nao_atendidas: 'id id_usuario ramal nome_usuario id_grupo_atendimento nome_grupo_atendimento duracao data uniqueid',
  telefones_bloqueados: 'id telefone descricao grupo_de_bloqueio',
  nivel_de_servico:
    'data horario tempo_nivel_de_servico id_grupo_de_atendimento nome_grupo_de_atendimento atendidas_abaixo atendidas_acima desligadas_abaixo desligadas_acima total',
  campanhas_logs: 'ramal descricao data',
  resultado_discador_mensal:
    'id uniqueid campaign_customer_phone_number_id identificador1 identificador2 telefone status_id status_nome data_hora_inicio data_hora_fim ramal campanha_nome campanha_id rota canal replicado',
  black_list: 'id_black_list nome',
  mensagens_sms_recebidas: 'id origem mensagem recebida_em',
  rotas: 'id nome_rota status_rota',
};

it('has every documented view with every documented column', async () => {
  const test = await startTestDatabase();
  try {
    await prepareSchema(test.database);
    const { rows } = await test.database.query<{ view: string; columns: string[] }>(
      "SELECT table_name AS view, array_agg(column_name::text ORDER BY column_name) AS columns FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1",
    );
    const found = Object.fromEntries(rows.map((row) => [row.view, row.columns]));
    expect(found).toEqual(Object.fromEntries(Object.entries(documented).map(([view, columns]) => [view, columns.split(' ').sort()])));
  } finally {
    await test.close();
  }
});

it('is what docs/views-dos-integradores.md says, and every column has a meaning', async () => {
  const test = await startTestDatabase();
  try {
    await prepareSchema(test.database);
    const page = await describeViews(test.database);
    for (const view of await viewNames()) expect(page).toContain(`## ${view}\n`);
    expect(page).not.toMatch(/\|\s*\|\s*$/m);
    await expect(page).toMatchFileSnapshot('../../../docs/views-dos-integradores.md');
  } finally {
    await test.close();
  }
});
