import { type MetricRow, type Unit } from '../metrics/metrics.js';
import { formatNumber } from '../i18n/format.js';
import { formatInterval, formatValue } from '../metrics/format.js';
import { type HeatMap } from './chart-data.js';
import { type Canvas } from './chart-frame.js';
import { heatColour, inkOn } from './palette.js';

interface Props {
  readonly canvas: Canvas;
  readonly map: HeatMap;
  readonly unit: Unit;
  readonly labelOf: (place: 'row' | 'column', value: string | null) => string;
  readonly onOpen: (row: MetricRow) => void;
}

const cellHeight = 36;
const leastCell = 64;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Two dimensions against each other; each cell says its number and n, colour only helps to find it. */
export function HeatChart({ canvas, map, unit, labelOf, onOpen }: Props) {
  const { palette, locale, svg, name } = canvas;
  const labels = Math.min(200, Math.max(110, canvas.width * 0.22));
  // On a phone it is wider than the page, and scrolls.
  const columns = Math.max(1, map.columns.length);
  // names lie straight where there is room for them, else they reach out to the right
  const steep = (canvas.width - labels) / columns < 96;
  const right = steep ? 60 : 0;
  const cell = Math.max(leastCell, Math.floor((canvas.width - labels - right) / columns));
  const width = labels + cell * columns + right;
  const headHeight = steep ? 96 : 32;
  const height = headHeight + cellHeight * map.rows.length;
  const values = map.cells.flat().flatMap((point) => (point?.value == null ? [] : [point.value]));
  const bounds = [Math.min(...values), Math.max(...values)] as const;
  return (
    <div className="chart chart-wide" tabIndex={0} role="group" aria-label={name}>
      <svg ref={svg} width={width} height={height} role="img" aria-label={name} fontFamily="system-ui, sans-serif">
        {map.columns.map((column, index) => (
          <text
            key={index}
            transform={`translate(${labels + index * cell + cell / 2},${headHeight - 10})${steep ? ' rotate(-35)' : ''}`}
            textAnchor={steep ? 'start' : 'middle'}
            fontSize={12}
            fill={palette.text}
          >
            <title>{labelOf('column', column)}</title>
            {cut(labelOf('column', column), steep ? 16 : Math.floor(cell / 7))}
          </text>
        ))}
        {map.rows.map((row, r) => (
          <g key={r} transform={`translate(0,${headHeight + r * cellHeight})`}>
            <text x={labels - 10} y={cellHeight / 2 + 4} fontSize={13} fill={palette.text} textAnchor="end">
              <title>{labelOf('row', row)}</title>
              {cut(labelOf('row', row), Math.floor(labels / 8))}
            </text>
            {map.columns.map((column, c) => {
              const point = map.cells[r]![c];
              const x = labels + c * cell;
              if (!point) {
                return (
                  <rect
                    key={c}
                    x={x + 1}
                    y={1}
                    width={cell - 2}
                    height={cellHeight - 2}
                    fill={palette.line}
                    opacity={0.35}
                    rx={2}
                  />
                );
              }
              const { value, row: answer, n, interval } = point;
              const fill = value === null ? palette.ground : heatColour(palette, value, bounds, unit === 'points');
              const ink = value === null ? palette.quiet : inkOn(fill);
              const said = value === null ? '–' : formatValue(unit, value, locale);
              return (
                <g key={c} transform={`translate(${x},0)`} onClick={() => onOpen(answer)} style={{ cursor: 'pointer' }}>
                  <title>
                    {`${labelOf('row', row)} · ${labelOf('column', column)}: ${said}`}
                    {interval && ` (${formatInterval(unit, interval, locale)})`}, n {formatNumber(n, locale)}
                  </title>
                  <rect
                    x={1}
                    y={1}
                    width={cell - 2}
                    height={cellHeight - 2}
                    fill={fill}
                    stroke={value === null ? palette.line : 'none'}
                    rx={2}
                  />
                  <text
                    x={cell / 2}
                    y={16}
                    fontSize={12}
                    textAnchor="middle"
                    fill={ink}
                    fontWeight={answer.small ? 400 : 600}
                  >
                    {said}
                  </text>
                  <text x={cell / 2} y={29} fontSize={10} textAnchor="middle" fill={ink}>
                    n {formatNumber(n, locale)}
                  </text>
                </g>
              );
            })}
          </g>
        ))}
      </svg>
    </div>
  );
}
