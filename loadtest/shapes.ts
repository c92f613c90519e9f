/** How the rate of new calls moves over a run. */
export const shapeNames = ['constant', 'ramp', 'steps', 'spike', 'wave', 'soak'] as const;
export type ShapeName = (typeof shapeNames)[number];

export interface Shape {
  readonly name: ShapeName;
  /** New calls a second at the highest. */
  readonly rate: number;
  readonly seconds: number;
}

const stepCount = 5;
/** Of the highest rate: what goes on around a spike, and the trough of a wave. */
const baseShare = 0.2;
const waveCount = 4;

export const shapeAbout: Readonly<Record<ShapeName, string>> = {
  constant: 'the rate from the first second to the last',
  ramp: 'evenly from nothing to the rate',
  steps: `${stepCount} even steps up to the rate`,
  spike: `${baseShare * 100} % of the rate, and the whole of it for the middle fifth`,
  wave: `${waveCount} waves between ${baseShare * 100} % of the rate and the rate`,
  soak: 'the rate for an hour, unless --seconds says otherwise',
};

export const defaultSeconds = (name: ShapeName): number => (name === 'soak' ? 3600 : 60);

/** New calls a second at a moment of the run; 0 before and after it. */
export function rateAt({ name, rate, seconds }: Shape, atS: number): number {
  if (atS < 0 || atS >= seconds) return 0;
  const done = atS / seconds;
  switch (name) {
    case 'constant':
    case 'soak':
      return rate;
    case 'ramp':
      return rate * done;
    case 'steps':
      return (rate * (Math.floor(done * stepCount) + 1)) / stepCount;
    case 'spike':
      return done >= 0.4 && done < 0.6 ? rate : rate * baseShare;
    case 'wave':
      return rate * (baseShare + ((1 - baseShare) * (1 - Math.cos(2 * Math.PI * waveCount * done))) / 2);
  }
}

/** Calls that the whole run asks for: what the rate of each second gives, from its beginning. */
export function callsOf(shape: Shape, quantise: (rate: number) => number = (rate) => rate): number {
  let calls = 0;
  for (let second = 0; second < shape.seconds; second += 1) calls += quantise(rateAt(shape, second));
  return calls;
}
