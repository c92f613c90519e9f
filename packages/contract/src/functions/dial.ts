import { asExtension, type Agent, type SharedExtension } from '@ritmo/domain';
import type { DeskPhone } from '../desk-phones.ts';
import { done, refused, type ContractFunction, type ContractPorts } from '../function.ts';

/** 1.1.20 and 1.2.2.15: on an ordinary extension it rings the extension, then the number; on a desk phone it asks the phone. */
export const dial: ContractFunction = {
  name: 'discar',
  meaning: 'origina uma ligação; a chave é sempre obrigatória',
  parameters: [
    { name: 'numero', meaning: 'número a discar' },
    { name: 'ramal', meaning: 'ramal que disca' },
    { name: 'chave', meaning: 'chave de segurança' },
  ],
  http: { section: '1.1.20', keyAlways: true, syntax: ['discar?numero=<número>&ramal=<ramal>&chave=<chave gerada pelo sistema>'] },
  socket: { section: '1.2.2.15', command: 'DISCAR', fields: ['ramal', 'numero', 'chave'], syntax: ['<DISCAR><RAMAL><TELEFONE><CHAVE>'] },
  async run(values, { facade, by }, ports) {
    const number = values.get('numero').replace(/[ ().-]/g, '');
    const ramal = values.get('ramal');
    if (facade === 'socket') {
      // The HTTP side checks the key of every function before it gets here.
      if (number === '') return refused('number-missing');
      if (values.get('chave') === '') return refused('key-missing');
      if (!ports.keyMatches(values.get('chave'))) return refused('key-invalid');
    }
    if (!/^[+*#0-9]{2,20}$/.test(number) || !/^\d{2,10}$/.test(ramal)) return refused('parameters-invalid');
    const desk = deskPhoneOf(ramal, ports);
    if (desk === 'unconfigured') return refused('parameters-invalid');
    if (desk !== undefined) return (await ports.deskPhones.dial(desk, number)) ? done('dialing') : refused('parameters-invalid');
    const reply = await ports.bus.request('acd.dial', { extension: asExtension(ramal), number, by }, { timeoutMs: 10_000 });
    return reply.ok ? done('dialing') : refused('parameters-invalid');
  },
};

function deskPhoneOf(ramal: string, { extensions, directory, live }: ContractPorts): DeskPhone | 'unconfigured' | undefined {
  const agent = extensions.agent(ramal);
  const sharedAt = agent === undefined ? ramal : live.sharedExtensionOf(agent.id);
  const shared = sharedAt === undefined ? undefined : directory.all('shared-extension').find(({ extension }) => extension === sharedAt);
  if (shared !== undefined) return deskPhone(shared, shared.extension);
  return agent?.kind === 'hardphone' ? deskPhone(agent, agent.extension) : undefined;
}

function deskPhone(entry: Agent | SharedExtension, extension: string): DeskPhone | 'unconfigured' {
  if (entry.phoneModel === undefined) return 'unconfigured';
  return { model: entry.phoneModel, extension, address: entry.phoneAddress, password: entry.phonePassword };
}
