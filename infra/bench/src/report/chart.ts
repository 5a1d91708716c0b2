/** A bar with the range that it was measured in. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** First and third quartile */
  readonly from: number;
  readonly to: number;
  /** Drawn in the accent */
  readonly ours: boolean;
  /** Written behind it */
  readonly text: string;
}

const width = 720;
const labelWidth = 210;
const textWidth = 150;
const rowHeight = 30;
const top = 44;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Horizontal bars from 0 on, longest value to the right end, as an SVG that reads in light and in dark. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1e-9, ...bars.map(({ to, value }) => Math.max(to, value)));
  const scale = (value: number): string => ((value / most) * (width - labelWidth - textWidth)).toFixed(1);
  const height = top + bars.length * rowHeight + 8;
  const rows = bars.map(({ label, value, from, to, ours, text }, at) => {
    const y = top + at * rowHeight;
    const middle = y + 9;
    return `  <text class="label" x="${labelWidth - 10}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>
  <rect class="${ours ? 'ours' : 'other'}" x="${labelWidth}" y="${y}" width="${scale(value)}" height="18" rx="2"/>
  <path class="range" d="M${labelWidth} ${middle}m${scale(from)} 0h${scale(to - from)}"/>
  <text class="value" x="${width - textWidth + 10}" y="${y + 13}">${escaped(text)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 15px }
    .ours { fill: #0969da } .other { fill: #9aa4af } .range { stroke: #1f2328; stroke-width: 2 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #4493f8 } .other { fill: #6e7681 } .range { stroke: #e6edf3 } }
  </style>
  <text class="title" x="8" y="22">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}
