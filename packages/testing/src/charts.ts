/** SVG charts without a library: the report is one file that opens anywhere. Colours are CSS variables of the page. */

export interface Series {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  /** Null where nothing was measured: the line has a gap there. */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

export interface TimeChart {
  readonly title: string;
  /** Seconds, one per value of each series. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** Written after the numbers of the axis. */
  readonly unit?: string;
  /** Areas on top of each other instead of lines. */
  readonly stacked?: boolean;
  /** Top of the axis when the values stay below. */
  readonly atLeast?: number;
}

const width = 720;
const height = 230;
const margin = { left: 46, right: 12, top: 10, bottom: 28 };
const plotWidth = width - margin.left - margin.right;
const plotHeight = height - margin.top - margin.bottom;

export function timeChart(chart: TimeChart): string {
  const endS = chart.times.at(-1) ?? 1;
  const peaks = chart.stacked === true ? chart.times.map((_, index) => sum(chart.series.map(({ values }) => values[index] ?? 0))) : chart.series.flatMap(({ values }) => values.filter((value) => value !== null));
  const top = niceTop(Math.max(chart.atLeast ?? 0, ...peaks, 1));
  const x = (timeS: number): number => margin.left + (plotWidth * timeS) / Math.max(endS, 1);
  const y = (value: number): number => margin.top + plotHeight * (1 - value / top);
  const body = chart.stacked === true ? stackedAreas(chart, x, y) : lines(chart, x, y);
  const svg = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(chart.title)}">${axes(top, endS, chart.unit ?? '', x, y)}${body}</svg>`;
  return figure(chart.title, legend(chart.series), svg);
}

export interface Bar {
  readonly name: string;
  readonly value: number;
}

export function barChart(title: string, bars: readonly Bar[]): string {
  const rowHeight = 26;
  const labelWidth = 230;
  const total = Math.max(sum(bars.map(({ value }) => value)), 1);
  const longest = Math.max(...bars.map(({ value }) => value), 1);
  const rows = bars.map(({ name, value }, index) => {
    const top = index * rowHeight;
    const length = ((width - labelWidth - 110) * value) / longest;
    const label = `<text x="${labelWidth - 8}" y="${top + 17}" text-anchor="end">${escapeHtml(name)}</text>`;
    const bar = `<rect x="${labelWidth}" y="${top + 4}" width="${length.toFixed(1)}" height="${rowHeight - 8}" rx="2" fill="var(--bar)"/>`;
    return `${label}${bar}<text x="${(labelWidth + length + 6).toFixed(1)}" y="${top + 17}">${value} (${((100 * value) / total).toFixed(1)} %)</text>`;
  });
  return figure(title, '', `<svg viewBox="0 0 ${width} ${Math.max(bars.length, 1) * rowHeight}" role="img" aria-label="${escapeHtml(title)}">${rows.join('')}</svg>`);
}

function lines(chart: TimeChart, x: (timeS: number) => number, y: (value: number) => number): string {
  return chart.series
    .flatMap(({ colour, values, dashed }) =>
      piecesOf(values).map(({ from, piece }) => {
        const points = piece.map((value, index) => `${x(chart.times[from + index] ?? 0).toFixed(1)},${y(value).toFixed(1)}`);
        const [alone = '0,0'] = points;
        if (points.length === 1) return `<circle cx="${alone.split(',')[0]}" cy="${alone.split(',')[1]}" r="2" fill="${colour}"/>`;
        return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"${dashed === true ? ' stroke-dasharray="5 4"' : ''}/>`;
      }),
    )
    .join('');
}

/** What lies between the gaps. */
function piecesOf(values: readonly (number | null)[]): { from: number; piece: number[] }[] {
  const pieces: { from: number; piece: number[] }[] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const last = pieces.at(-1);
    if (last !== undefined && last.from + last.piece.length === index) last.piece.push(value);
    else pieces.push({ from: index, piece: [value] });
  });
  return pieces;
}

function stackedAreas(chart: TimeChart, x: (timeS: number) => number, y: (value: number) => number): string {
  const floor = chart.times.map(() => 0);
  return chart.series
    .map(({ colour, values }) => {
      const lower = [...floor];
      values.forEach((value, index) => (floor[index] = (floor[index] ?? 0) + (value ?? 0)));
      const point = (value: number, index: number): string => `${x(chart.times[index] ?? 0).toFixed(1)},${y(value).toFixed(1)}`;
      const outline = [...floor.map(point), ...lower.map(point).reverse()];
      return `<polygon points="${outline.join(' ')}" fill="${colour}"/>`;
    })
    .join('');
}

function axes(top: number, endS: number, unit: string, x: (timeS: number) => number, y: (value: number) => number): string {
  const parts: string[] = [];
  for (let step = 0; step <= 4; step += 1) {
    const value = (top * step) / 4;
    parts.push(`<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" class="grid"/>`);
    parts.push(`<text x="${margin.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${Number(value.toFixed(1))}${unit}</text>`);
  }
  const stepS = [10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((step) => endS / step <= 9) ?? Math.ceil(endS / 9);
  for (let timeS = 0; timeS <= endS; timeS += stepS) parts.push(`<text x="${x(timeS).toFixed(1)}" y="${height - 8}" text-anchor="middle">${timeS} s</text>`);
  return parts.join('');
}

/** 1, 2, 4, 6 or 8 times a power of ten, so that four steps are round numbers. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 6, 8, 10].find((candidate) => candidate * power >= value) ?? 10;
  return Math.max(factor * power, 4);
}

function legend(series: readonly Series[]): string {
  return `<span class="legend">${series.map(({ name, colour }) => `<span><i style="background:${colour}"></i>${escapeHtml(name)}</span>`).join('')}</span>`;
}

const figure = (title: string, key: string, svg: string): string => `<figure><figcaption>${escapeHtml(title)}${key}</figcaption>${svg}</figure>`;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
