import { scaleLinear } from 'd3-scale';
import { useState } from 'react';
import { type MetricRow, type Unit } from '../metrics/metrics.js';
import { formatNumber } from '../i18n/format.js';
import { formatValue } from '../metrics/format.js';
import { extentOf, readableTicks, timeTicks, type Point } from './chart-data.js';
import { type Canvas } from './chart-frame.js';
import { Marker } from './marker.js';
import { PointTip } from './point-tip.js';

export interface ListItem {
  readonly key: string;
  readonly label: string;
  readonly point: Point;
  /** Surely other than zero, or than what it is compared with: told in colour and by a filled mark */
  readonly emphasis?: boolean;
}

interface Props {
  readonly canvas: Canvas;
  readonly items: readonly ListItem[];
  readonly unit: Unit;
  readonly onOpen: (row: MetricRow, item: ListItem) => void;
  /** A line to compare with: zero, or the whole's value */
  readonly reference?: number;
  readonly zero?: boolean;
  readonly hiddenText: string;
}

const rowHeight = 30;
const top = 8;
const axis = 28;
const countWidth = 76;

const whisker = (from: number, to: number, y: number): string => `M${from},${y - 4}v8m0,-4H${to}m0,-4v8`;

const cut = (label: string, width: number): string => {
  const most = Math.max(6, Math.floor(width / 7.4));
  return label.length > most ? `${label.slice(0, most - 1)}…` : label;
};

/** A number a line with its interval as a whisker (counts as bars), and n at the end. */
export function ListChart({ canvas, items, unit, onOpen, reference, zero = false, hiddenText }: Props) {
  const { width, palette, locale, svg, name } = canvas;
  const [hovered, setHovered] = useState<number>();
  const labels = Math.min(220, Math.max(96, width * 0.3));
  const inner = Math.max(40, width - labels - countWidth - 16);
  const height = top + items.length * rowHeight + axis;
  const extent = extentOf(
    items.map(({ point }) => point),
    { zero: zero || unit === 'count' },
  );
  const domain = reference === undefined ? extent : [Math.min(extent[0], reference), Math.max(extent[1], reference)];
  const x = scaleLinear(domain, [0, inner]).nice(4);
  const middle = (index: number) => top + index * rowHeight + rowHeight / 2;
  const colour = palette.series[0]!;
  const count = Math.max(2, Math.min(5, Math.floor(inner / 90)));
  const label = (tick: number): string => formatValue(unit, tick, locale);
  const ticks = readableTicks(
    (many) => (unit === 'milliseconds' ? timeTicks(x.domain() as [number, number], many) : x.ticks(many)),
    count,
    label,
  );
  return (
    <div className="chart">
      <svg ref={svg} width={width} height={height} role="img" aria-label={name} fontFamily="system-ui, sans-serif">
        {ticks.map((tick) => (
          <g key={tick} transform={`translate(${labels + x(tick)},0)`}>
            <line y1={top} y2={height - axis} stroke={palette.line} />
            <text y={height - 8} fontSize={12} fill={palette.quiet} textAnchor="middle">
              {label(tick)}
            </text>
          </g>
        ))}
        {reference !== undefined && (
          <line
            x1={labels + x(reference)}
            x2={labels + x(reference)}
            y1={top}
            y2={height - axis}
            stroke={palette.quiet}
            strokeDasharray="4 3"
          />
        )}
        {items.map(({ key, label, point, emphasis = true }, index) => {
          const { value, interval, row, n } = point;
          const y = middle(index);
          const mark = emphasis ? colour : palette.quiet;
          return (
            <g
              key={key}
              onPointerEnter={() => setHovered(index)}
              onPointerLeave={() => setHovered(undefined)}
              onClick={() => onOpen(row, items[index]!)}
              style={{ cursor: 'pointer' }}
            >
              <rect
                x={0}
                y={y - rowHeight / 2}
                width={width}
                height={rowHeight}
                fill={hovered === index ? palette.line : 'transparent'}
                fillOpacity={0.4}
              />
              <text x={labels - 12} y={y + 4} fontSize={13} fill={palette.text} textAnchor="end">
                <title>{label}</title>
                {cut(label, labels - 16)}
              </text>
              {value === null && (
                <text x={labels + 4} y={y + 4} fontSize={12} fill={palette.quiet}>
                  {row.hidden ? hiddenText : '–'}
                </text>
              )}
              {value !== null && unit === 'count' && (
                <rect
                  x={labels + x(Math.min(0, value))}
                  y={y - 8}
                  width={Math.max(1, Math.abs(x(value) - x(0)))}
                  height={16}
                  fill={mark}
                  rx={2}
                />
              )}
              {value !== null && interval && (
                <path
                  d={whisker(labels + x(interval[0] ?? x.domain()[0]!), labels + x(interval[1] ?? x.domain()[1]!), y)}
                  stroke={unit === 'count' ? palette.text : mark}
                  strokeWidth={1.5}
                  fill="none"
                />
              )}
              {value !== null && unit !== 'count' && (
                <Marker
                  x={labels + x(value)}
                  y={y}
                  index={0}
                  colour={mark}
                  ground={palette.ground}
                  hollow={row.small || !emphasis}
                />
              )}
              <text x={width - 4} y={y + 4} fontSize={12} fill={palette.quiet} textAnchor="end">
                n {formatNumber(n, locale)}
              </text>
            </g>
          );
        })}
      </svg>
      {hovered !== undefined && items[hovered] && (
        <PointTip
          left={labels + inner / 2}
          width={width}
          title={items[hovered].label}
          lines={[{ label: '', colour, point: items[hovered].point }]}
          unit={unit}
        />
      )}
    </div>
  );
}
