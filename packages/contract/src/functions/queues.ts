import { epochOf, showMinute } from '../local-time.ts';
import { field, records, refused, showSeconds, type ContractFunction } from '../function.ts';
import { settingsOf } from '../settings.ts';

export const waitingCalls: ContractFunction = {
  name: 'fila_espera',
  meaning: 'retorna a fila de espera de um grupo de atendimento',
  parameters: [{ name: 'fila', meaning: 'nome da fila' }],
  http: { section: '1.1.12', syntax: ['fila_espera?fila=<nome da fila>'], records: ['<posição na fila>;<número de origem>;<tempo de espera em segundos>'] },
  async run(values, _caller, { bus }) {
    const wanted = values.get('fila').toLocaleLowerCase('pt-BR');
    const { queues } = await bus.request('acd.queues', {});
    const queue = queues.find(({ name }) => name.toLocaleLowerCase('pt-BR') === wanted);
    if (wanted === '' || queue === undefined) return refused('queue-unknown');
    return records(
      [...queue.waiting]
        .sort((a, b) => a.position - b.position)
        .map(({ position, number, waitMs }) => `${position};${field(number)};${showSeconds(waitMs)}`),
    );
  },
};

export const queueCalls: ContractFunction = {
  name: 'grupos_de_atendimento',
  meaning: 'retorna as ligações, atendidas ou não, dos grupos de atendimento em um dia',
  parameters: [
    { name: 'dia', meaning: 'dia' },
    { name: 'mes', meaning: 'mês' },
    { name: 'ano', meaning: 'ano com quatro dígitos' },
  ],
  http: {
    section: '1.1.14',
    syntax: ['grupos_de_atendimento?dia=<dia>&mes=<mes>&ano=<ano>'],
    records: [
      '<identificador do grupo>;<nome do grupo de atendimento>',
      '<código do operador>;<ramal>;<nome do operador>;<número de origem>;<duração em segundos>;<tempo de espera em segundos>;<ATENDIDA OPERADOR ou NAO ATENDIDA>;<DD/MM/AAAA HH:MM>',
    ],
  },
  async run(values, _caller, ports) {
    const [day, month, year] = ['dia', 'mes', 'ano'].map((name) => (/^\d{1,4}$/.test(values.get(name)) ? Number(values.get(name)) : NaN)) as [
      number,
      number,
      number,
    ];
    const { timeZone } = settingsOf(ports.directory);
    const known = [day, month, year].every(Number.isFinite) && epochOf({ year, month, day, hour: 0, minute: 0, second: 0 }, timeZone) !== undefined;
    if (!known) return refused('nothing-found');
    const calls = await ports.records.queueCalls({ year, month, day });
    if (calls.length === 0) return refused('nothing-found');
    const lines: string[] = [];
    let queueId: number | undefined;
    for (const call of calls) {
      if (call.queueId !== queueId) {
        queueId = call.queueId;
        lines.push(`${call.queueId};${field(ports.directory.get('queue', call.queueId)?.name ?? call.queueName)}`);
      }
      const agent = call.agentId === null ? undefined : ports.directory.get('agent', call.agentId);
      // The example has the extension between the agent's code and name: the example wins.
      lines.push(
        [
          call.agentId ?? '',
          agent?.extension ?? '',
          field(agent?.name),
          field(call.number),
          call.durationS,
          call.waitS,
          call.agentId === null ? 'NAO ATENDIDA' : 'ATENDIDA OPERADOR',
          showMinute(call.at, timeZone),
        ].join(';'),
      );
    }
    return records(lines);
  },
};
