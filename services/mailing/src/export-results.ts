/**
 * Results out (manual 1.5): `Parâmetro1; parâmetro2; data hora; telefone; status da chamada; usuário; grupo`, one line per
 * attempt, per disposition that was set outside of one, and per agent that was told of a callback, oldest first.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { shippedDispositions, upcast, type AgentId, type CampaignId, type ContactId, type DispositionId, type DomainEvent, type PhoneId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { exportMoment } from './local-moment.ts';

export interface ExportResults {
  readonly campaignId: CampaignId;
  readonly path: string;
}

const types = ['ContactImported', 'PhoneAdded', 'ContactParameterChanged', 'AttemptStarted', 'AttemptEnded', 'AttemptWithdrawn', 'DispositionSet', 'AgentCallbackDue'];
const pageSize = 2_000;

interface Client {
  readonly parameters: string[];
  readonly phones: Map<PhoneId, string>;
  /** An attempt is in progress: its disposition comes with its end. */
  dialing: PhoneId | null;
}

/** Memory holds the campaign's contacts, two parameters and their numbers each. */
export async function exportResults(context: ServiceContext, { campaignId, path }: ExportResults): Promise<{ lines: number }> {
  const { events } = context;
  const clients = new Map<ContactId, Client>();
  const file = createWriteStream(path, { encoding: 'utf8' });
  let lines = 0;
  try {
    for (let after: bigint | undefined; ; ) {
      const page = await events.readAll({ ...(after === undefined ? {} : { after }), limit: pageSize, types });
      const last = page.at(-1);
      if (!last) break;
      after = last.position;
      for (const stored of page) {
        const fact = upcast(stored);
        if ((fact.data as { readonly campaignId?: CampaignId }).campaignId !== campaignId) continue;
        const line = resultLine(context, clients, fact);
        if (line === null) continue;
        lines += 1;
        if (!file.write(`${line}\r\n`)) await once(file, 'drain');
      }
    }
  } finally {
    file.end();
    await once(file, 'close');
  }
  return { lines };
}

/** Keeps what is known of the contact; answers the line of a result, null of anything else. */
function resultLine(context: ServiceContext, clients: Map<ContactId, Client>, fact: DomainEvent): string | null {
  if (fact.type === 'ContactImported') {
    const { contactId, parameters, phones } = fact.data;
    clients.set(contactId, { parameters: [parameters[0] ?? '', parameters[1] ?? ''], phones: new Map(phones.map((phone) => [phone.phoneId, phone.number])), dialing: null });
    return null;
  }
  const client = clients.get((fact.data as { readonly contactId: ContactId }).contactId);
  if (!client) return null;
  if (fact.type === 'PhoneAdded') client.phones.set(fact.data.phone.phoneId, fact.data.phone.number);
  else if (fact.type === 'ContactParameterChanged') client.parameters[fact.data.index - 1] = fact.data.value;
  else if (fact.type === 'AttemptStarted') client.dialing = fact.data.phoneId;
  else if (fact.type === 'AttemptWithdrawn') client.dialing = null;
  else if (fact.type === 'AttemptEnded') {
    client.dialing = null;
    return written(context, client, { ...fact.data, at: fact.at });
  } else if (fact.type === 'DispositionSet' && client.dialing !== fact.data.phoneId) return written(context, client, { ...fact.data, at: fact.at });
  // The third line of the example.
  else if (fact.type === 'AgentCallbackDue') return written(context, client, { ...fact.data, at: fact.at, dispositionId: shippedDispositions.agentNotified });
  return null;
}

interface Result {
  readonly at: number;
  readonly campaignId: CampaignId;
  readonly phoneId: PhoneId;
  readonly dispositionId: DispositionId;
  readonly agentId: AgentId | null;
}

function written({ directory }: ServiceContext, client: Client, { at, campaignId, phoneId, dispositionId, agentId }: Result): string {
  const timeZone = directory.get('settings', 1)?.timeZone ?? 'America/Sao_Paulo';
  const queue = directory.get('queue', directory.get('campaign', campaignId)?.queueId ?? 0);
  return [
    client.parameters[0], client.parameters[1], exportMoment(at, timeZone), client.phones.get(phoneId),
    directory.get('disposition', dispositionId)?.name ?? dispositionId,
    agentId === null ? '' : directory.get('agent', agentId)?.name, queue?.name,
  ].map((field) => String(field ?? '').replace(/[;\r\n]/g, ' ')).join(';');
}
