import { scaleLinear } from 'd3-scale';
import { area, line as lineThrough } from 'd3-shape';
import { useState, type PointerEvent } from 'react';
import { type MetricRow, type Unit } from '../metrics/metrics.js';
import { formatPeriod, formatValue } from '../metrics/format.js';
import {
  extentOf,
  periodsOf,
  readableTicks,
  segmentsOf,
  timeTicks,
  type Series,
  type TimePoint,
} from './chart-data.js';
import { type Canvas } from './chart-frame.js';
import { Marker } from './marker.js';
import { PointTip } from './point-tip.js';

const margin = { top: 12, right: 28, bottom: 30, left: 64 };

interface Props {
  readonly canvas: Canvas;
  readonly series: readonly Series[];
  readonly unit: Unit;
  readonly grain: string;
  readonly label: (series: Series) => string;
  /** Absent where nothing is behind the numbers */
  readonly onOpen?: (row: MetricRow) => void;
  readonly height?: number;
}

const timeOf = (period: string): number => Date.parse(period.length === 7 ? `${period}-01` : period);

/** Lines over time with their 95 % intervals as bands; a hollow mark is a small n, a gap is nothing or hidden. */
export function TimeChart({ canvas, series, unit, grain, label, onOpen, height = 240 }: Props) {
  const { width, palette, locale, svg, name } = canvas;
  const [hovered, setHovered] = useState<string>();
  const periods = periodsOf(series);
  const points = series.flatMap((line) => line.points);
  const times = periods.map(timeOf);
  const inner = { width: Math.max(0, width - margin.left - margin.right), height: height - margin.top - margin.bottom };
  const x = scaleLinear([times[0] ?? 0, times.at(-1) ?? 1], [0, inner.width]);
  const place = (period: string) => (times.length > 1 ? x(timeOf(period)) : inner.width / 2);
  const y = scaleLinear(extentOf(points, { zero: unit === 'count' }), [inner.height, 0]).nice();
  const band = area<TimePoint>()
    .x(({ period }) => place(period))
    // an end that is not known reaches to the edge
    .y0(({ interval }) => y(interval![0] ?? y.domain()[0]!))
    .y1(({ interval }) => y(interval![1] ?? y.domain()[1]!));
  const path = lineThrough<TimePoint>()
    .x(({ period }) => place(period))
    .y(({ value }) => y(value!));
  const most = Math.max(2, Math.min(periods.length, Math.floor(inner.width / 76)));
  const every = Math.max(1, Math.ceil(periods.length / most));
  const ticks = periods.filter((_, index) => index % every === 0);
  const text = { fill: palette.quiet, fontSize: 12 };
  const tickText = (tick: number): string => formatValue(unit, tick, locale);

  const hover = (event: PointerEvent<SVGRectElement>) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setHovered(periods.toSorted((a, b) => Math.abs(place(a) - at) - Math.abs(place(b) - at))[0]);
  };
  const at = (period: string) =>
    series.flatMap((line, index) => {
      const point = line.points.find((one) => one.period === period);
      return point && (point.n > 0 || point.value !== null) ? [{ line, index, point }] : [];
    });

  return (
    <div className="chart">
      <svg ref={svg} width={width} height={height} role="img" aria-label={name} fontFamily="system-ui, sans-serif">
        <g transform={`translate(${margin.left},${margin.top})`}>
          {readableTicks(
            (count) => (unit === 'milliseconds' ? timeTicks(y.domain() as [number, number], count) : y.ticks(count)),
            5,
            tickText,
          ).map((tick) => (
            <g key={tick} transform={`translate(0,${y(tick)})`}>
              <line x2={inner.width} stroke={palette.line} />
              <text {...text} x={-8} y={4} textAnchor="end">
                {tickText(tick)}
              </text>
            </g>
          ))}
          {ticks.map((period) => (
            <g key={period} transform={`translate(${place(period)},${inner.height})`}>
              <line y2={5} stroke={palette.line} />
              <text {...text} y={20} textAnchor="middle">
                {formatPeriod(period, grain, locale)}
              </text>
            </g>
          ))}
          {series.map((line, index) => {
            const colour = palette.series[index % palette.series.length]!;
            return segmentsOf(line.points).map((segment) => (
              <g key={`${line.key}${segment[0]!.period}`}>
                <path d={band(segment.filter(({ interval }) => interval)) ?? ''} fill={colour} fillOpacity={0.14} />
                <path d={path([...segment]) ?? ''} fill="none" stroke={colour} strokeWidth={2} />
              </g>
            ));
          })}
          {hovered !== undefined && (
            <line x1={place(hovered)} x2={place(hovered)} y1={0} y2={inner.height} stroke={palette.quiet} />
          )}
          {series.map((line, index) =>
            line.points
              .filter(({ value }) => value !== null)
              .map((point) => (
                <Marker
                  key={`${line.key}${point.period}`}
                  x={place(point.period)}
                  y={y(point.value!)}
                  index={index}
                  colour={palette.series[index % palette.series.length]!}
                  ground={palette.ground}
                  hollow={unit !== 'count' && point.row.small}
                  size={periods.length > 60 ? 2 : 4}
                />
              )),
          )}
          <rect
            width={inner.width}
            height={inner.height}
            fill="transparent"
            onPointerMove={hover}
            onPointerLeave={() => setHovered(undefined)}
            onClick={(event) => {
              if (hovered === undefined || !onOpen) return;
              const height = event.clientY - event.currentTarget.getBoundingClientRect().top;
              const nearest = at(hovered)
                .filter(({ point }) => point.value !== null)
                .toSorted((a, b) => Math.abs(y(a.point.value!) - height) - Math.abs(y(b.point.value!) - height))[0];
              if (nearest) onOpen(nearest.point.row);
            }}
            style={{ cursor: onOpen ? 'pointer' : 'default' }}
          />
        </g>
      </svg>
      {hovered !== undefined && (
        <PointTip
          left={margin.left + place(hovered)}
          width={width}
          title={formatPeriod(hovered, grain, locale)}
          lines={at(hovered).map(({ line, index, point }) => ({
            ...{ point, label: label(line), colour: palette.series[index % palette.series.length]! },
          }))}
          unit={unit}
        />
      )}
    </div>
  );
}
