import type { Database } from '@ritmo/database';
import type { DirectoryReader } from '@ritmo/service-kit';
import { parseMoment } from './local-time.ts';
import { settingsOf } from './settings.ts';

/** One row of ligacoes_campanha: the last result of a number. */
export interface CampaignCall {
  readonly agentId: number | null;
  readonly parameter1: string;
  readonly parameter2: string;
  readonly areaCode: string;
  readonly number: string;
  readonly dispositionId: number | null;
  readonly durationS: number;
}

export interface QueueCall {
  readonly queueId: number;
  readonly queueName: string;
  readonly agentId: number | null;
  readonly number: string;
  readonly durationS: number;
  readonly waitS: number;
  readonly at: number;
}

/** What happened, as the projector keeps it. */
export interface Records {
  /** Of every number that was dialed, in pages: there may be millions, and whoever else runs in this process has to get its turn. */
  campaignCalls(campaignId: number): AsyncIterable<readonly CampaignCall[]>;
  /** Of one local day, by queue, then in order of time. */
  queueCalls(day: { readonly year: number; readonly month: number; readonly day: number }): Promise<readonly QueueCall[]>;
  /** Shows an exclusion that was carried out in excluir_telefone_campanha. */
  noteExclusion(exclusion: { readonly phoneId: number | null; readonly campaignId: number | null }): Promise<void>;
}

const callsAPage = 2_000;

interface DialedPhone {
  readonly id: number;
  readonly agent: number | null;
  readonly p1: string | null;
  readonly p2: string | null;
  readonly phone: string;
  readonly status: number | null;
  readonly seconds: number;
}

/** Not resultado_discador_mensal: it forgets after 35 days, and this is about every number that was ever dialed. */
const dialedPhones = `
  SELECT p.phone_id AS id, CASE WHEN r.answered THEN r.agent_id END AS agent, c.parameter1 AS p1, c.parameter2 AS p2, p.phone, p.status_id AS status,
         greatest(0, round(extract(epoch FROM r.ended_at - r.started_at)))::int AS seconds
    FROM views.phones p
    JOIN views.results r ON r.call_id = p.last_call_id
    LEFT JOIN views.contacts c ON c.contact_id = p.contact_id
   WHERE p.campaign_id = $1 AND p.phone_id > $2
   ORDER BY p.phone_id LIMIT $3`;

const campaignCall = ({ agent, p1, p2, phone, status, seconds }: DialedPhone): CampaignCall => ({
  agentId: agent,
  parameter1: p1 ?? '',
  parameter2: p2 ?? '',
  ...splitAreaCode(phone),
  dispositionId: status,
  durationS: seconds,
});

export function createRecords(parts: { readonly database: Database; readonly directory: DirectoryReader }): Records {
  const { database, directory } = parts;
  const isoDay = ({ year, month, day }: { year: number; month: number; day: number }): string =>
    `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

  return {
    async *campaignCalls(campaignId) {
      let after = 0;
      for (;;) {
        const { rows } = await database.query<DialedPhone>(dialedPhones, [campaignId, after, callsAPage]);
        if (rows.length > 0) yield rows.map(campaignCall);
        after = rows.at(-1)?.id ?? 0;
        if (rows.length < callsAPage) return;
      }
    },
    async queueCalls(day) {
      const { timeZone } = settingsOf(directory);
      const { rows } = await database.query<{ queue: number; name: string | null; agent: number | null; origin: string | null; seconds: number | null; wait: number | null; at: string }>(
        `SELECT l.id_grupo_de_atendimento AS queue, g.nome AS name, l.id_usuario AS agent, l.numero_origem AS origin,
                l.duracao AS seconds, l.tempo_em_espera AS wait, l.data::timestamp::text AS at
           FROM public.grupos_de_atendimento_logs l
           LEFT JOIN public.grupos_de_atendimento g ON g.id = l.id_grupo_de_atendimento
          WHERE l.data >= $1::date AND l.data < $1::date + 1
          ORDER BY l.id_grupo_de_atendimento, l.data, l.id`,
        [isoDay(day)],
      );
      return rows.map((row) => ({
        queueId: row.queue,
        queueName: row.name ?? '',
        agentId: row.agent,
        number: row.origin ?? '',
        durationS: row.seconds ?? 0,
        waitS: row.wait ?? 0,
        at: parseMoment(row.at, timeZone) ?? 0,
      }));
    },
    async noteExclusion({ phoneId, campaignId }) {
      await database.query(
        'INSERT INTO public.excluir_telefone_campanha (id_telefone, id_campanha, executado, data) VALUES ($1, $2, true, timezone($3, now()))',
        [phoneId, campaignId, settingsOf(directory).timeZone],
      );
    },
  };
}

/** Brazilian numbers in the views carry their area code: two digits before eight or nine. */
function splitAreaCode(number: string): { areaCode: string; number: string } {
  return /^\d{10,11}$/.test(number) ? { areaCode: number.slice(0, 2), number: number.slice(2) } : { areaCode: '', number };
}
