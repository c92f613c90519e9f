/** Line charts as SVG text: no scripts, no fonts, readable in any browser and in print. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  readonly dashed?: boolean;
  readonly strong?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly logX?: boolean;
  /** The axis begins at the multiple of five below the lowest point, and ends here. */
  readonly yMax: number;
  /** Horizontal reference, for example the cap. */
  readonly mark?: number;
}

const WIDTH = 860;
const HEIGHT = 420;
const LEFT = 56;
const RIGHT = 190;
const TOP = 34;
const BOTTOM = 44;
const COLOURS = ['#0b6e4f', '#c1121f', '#1d4ed8', '#b45309', '#7c3aed', '#0e7490', '#be185d', '#4d7c0f', '#64748b', '#92400e', '#312e81', '#a16207', '#9f1239', '#000000', '#0284c7', '#84cc16', '#d946ef'];

export function lineChart(lines: readonly Line[], options: ChartOptions): string {
  const xs = lines.flatMap((line) => line.points.map(([x]) => x));
  const low = Math.min(...xs);
  const high = Math.max(...xs);
  const yMin = 5 * Math.floor(Math.min(...lines.flatMap((line) => line.points.map(([, y]) => y))) / 5);
  const scale = (x: number): number => (options.logX === true ? Math.log(x) : x);
  const x = (value: number): number => LEFT + ((scale(value) - scale(low)) / Math.max(1e-9, scale(high) - scale(low))) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => {
    const part = (Math.max(yMin, Math.min(options.yMax, value)) - yMin) / (options.yMax - yMin);
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM);
  };
  const parts = [`<text x="${LEFT}" y="20" class="title">${escape(options.title)}</text>`];
  for (let step = 0; step <= 5; step += 1) {
    const value = yMin + ((options.yMax - yMin) * step) / 5;
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" class="grid"/>`);
    parts.push(`<text x="${LEFT - 6}" y="${y(value) + 4}" class="tick" text-anchor="end">${Number(value.toFixed(2))}</text>`);
  }
  for (const value of ticks(xs)) parts.push(`<text x="${x(value)}" y="${HEIGHT - BOTTOM + 16}" class="tick" text-anchor="middle">${value}</text>`);
  parts.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" class="tick" text-anchor="middle">${escape(options.xLabel)}</text>`);
  parts.push(`<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" class="tick" text-anchor="middle">${escape(options.yLabel)}</text>`);
  if (options.mark !== undefined) parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(options.mark)}" y2="${y(options.mark)}" class="mark"/>`);
  lines.forEach((line, index) => {
    const colour = COLOURS[index % COLOURS.length] as string;
    const path = line.points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
    const dash = line.dashed === true ? ' stroke-dasharray="5 4"' : '';
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${line.strong === true ? 3 : 1.4}"${dash}/>`);
    const labelY = TOP + 8 + index * 18;
    parts.push(`<line x1="${WIDTH - RIGHT + 12}" x2="${WIDTH - RIGHT + 34}" y1="${labelY}" y2="${labelY}" stroke="${colour}" stroke-width="${line.strong === true ? 3 : 1.4}"${dash}/>`);
    parts.push(`<text x="${WIDTH - RIGHT + 40}" y="${labelY + 4}" class="tick">${escape(line.name)}</text>`);
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(options.title)}">${parts.join('')}</svg>`;
}

export interface Band {
  readonly name: string;
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** One row per policy: the range over seeds, a dot at the mean, and the cap. */
export function bandChart(title: string, bands: readonly Band[], cap: number, max: number): string {
  const height = 46 + bands.length * 20;
  const x = (value: number): number => 190 + (Math.min(value, max) / max) * (WIDTH - 260);
  const rows = bands.map((band, index) => {
    const y = 44 + index * 20;
    const colour = band.mid > cap * 1.02 ? '#c1121f' : '#0b6e4f';
    return `<text x="180" y="${y + 4}" class="tick" text-anchor="end">${escape(band.name)}</text>` +
      `<line x1="${x(band.low)}" x2="${x(band.high)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="7" stroke-opacity="0.35"/>` +
      `<circle cx="${x(band.mid)}" cy="${y}" r="4" fill="${colour}"/><text x="${x(band.high) + 8}" y="${y + 4}" class="tick">${band.mid.toFixed(2)} %${band.high > max ? ' →' : ''}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}"><text x="56" y="20" class="title">${escape(title)}</text>` +
    `<line x1="${x(cap)}" x2="${x(cap)}" y1="30" y2="${height - 6}" class="mark"/>${rows.join('')}</svg>`;
}

function ticks(values: readonly number[]): number[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  if (distinct.length <= 10) return distinct;
  const stride = Math.ceil(distinct.length / 9);
  return distinct.filter((_, index) => index % stride === 0);
}

export function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
