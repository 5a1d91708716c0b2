import { Table, UnstyledButton } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { formatNumber } from '../i18n/format.js';
import { formatInterval, formatValue } from '../metrics/format.js';
import { type MetricRow, type Unit } from '../metrics/metrics.js';
import { type Point } from './chart-data.js';

interface Props {
  readonly caption: string;
  readonly unit: Unit;
  /** Heads of what comes before the numbers */
  readonly heads: readonly string[];
  readonly lines: readonly { readonly key: string; readonly cells: readonly string[]; readonly point: Point }[];
  /** Absent where nothing is behind them */
  readonly onOpen?: (row: MetricRow) => void;
}

/** The numbers of a chart; each opens what is behind it. */
export function PointTable({ caption, unit, heads, lines, onOpen }: Props) {
  const { t, locale } = useText();
  const said = ({ row, value }: Point) => (row.hidden ? t('metric.hidden') : formatValue(unit, value, locale));
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table striped className="numbers" captionSide="top">
        <Table.Caption>{caption}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
            <Table.Th ta="right">{t('metric.value')}</Table.Th>
            <Table.Th ta="right">{t('metric.interval')}</Table.Th>
            <Table.Th ta="right">n</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map(({ key, cells, point }) => (
            <Table.Tr key={key}>
              {cells.map((cell, index) => (
                <Table.Td key={index}>
                  <span className="clamp" title={cell}>
                    {cell}
                  </span>
                </Table.Td>
              ))}
              <Table.Td ta="right">
                {onOpen ? (
                  <UnstyledButton
                    className="number-link"
                    onClick={() => onOpen(point.row)}
                    aria-label={t('metric.open', { what: `${cells.join(', ')}: ${said(point)}` })}
                  >
                    {said(point)}
                  </UnstyledButton>
                ) : (
                  said(point)
                )}
              </Table.Td>
              <Table.Td ta="right">{formatInterval(unit, point.interval, locale)}</Table.Td>
              <Table.Td ta="right">
                {formatNumber(point.n, locale)}
                {point.row.small && point.n > 0 && ` (${t('metric.small')})`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
