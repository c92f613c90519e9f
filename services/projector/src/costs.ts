import { readDialedNumber, type NumberKind, type Rate } from '@ritmo/domain';

/** TIPO_LIGACAO in the manual's words (1.3.1.4). */
const kindWords: Readonly<Record<NumberKind, string>> = {
  local: 'fixo local',
  interurban: 'fixo interurbano',
  mobile: 'celular local',
  'interurban-mobile': 'celular interurbano',
  international: 'internacional',
  'toll-free': 'gratuita',
  service: 'serviço',
};

export interface CallCost {
  readonly kind: string;
  /** Price of a minute on this route for this kind of number. */
  readonly cost: number;
  readonly cost_total: number;
  readonly cost_rounded: number;
  /** Seconds that the carrier bills: the first block whole, then whole steps. */
  readonly billing_rounded: number;
}

export interface Tariff {
  readonly rates: readonly Rate[];
  /** Area code from which a number is local. */
  readonly homeAreaCode: string;
}

const tenThousandths = (value: number): number => Math.round(value * 10_000) / 10_000;

const withoutPrice = (kind: string, billingS: number): CallCost => ({ kind, cost: 0, cost_total: 0, cost_rounded: 0, billing_rounded: billingS });

/** Between extensions: nobody's carrier has a part in it. */
export const internalCost = (billingS: number): CallCost => withoutPrice('interna', billingS);

export function costOf(number: string, billingS: number, { rates, homeAreaCode }: Tariff): CallCost {
  const reading = readDialedNumber(number, homeAreaCode);
  if (!reading.ok) return withoutPrice('outros', billingS);
  const rate = rates.find((candidate) => candidate.kind === reading.kind);
  const kind = kindWords[reading.kind];
  if (rate === undefined) return withoutPrice(kind, billingS);
  const beyond = Math.max(0, billingS - rate.firstBlockS);
  const billed = billingS === 0 ? 0 : rate.firstBlockS + Math.ceil(beyond / rate.stepS) * rate.stepS;
  return {
    kind,
    cost: rate.perMinute,
    cost_total: tenThousandths((rate.perMinute * billingS) / 60),
    cost_rounded: tenThousandths((rate.perMinute * billed) / 60),
    billing_rounded: billed,
  };
}
