interface Props {
  readonly x: number;
  readonly y: number;
  /** Of the line: each has a shape of its own, so that colour is not all that tells them apart */
  readonly index: number;
  readonly colour: string;
  readonly ground: string;
  readonly hollow: boolean;
  readonly size?: number;
}

const shapes: readonly ((x: number, y: number, r: number) => string)[] = [
  (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
  (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
  (x, y, r) => `M${x},${y - r * 1.2}L${x + r * 1.2},${y + r}L${x - r * 1.2},${y + r}Z`,
  (x, y, r) => `M${x},${y - r * 1.4}L${x + r * 1.4},${y}L${x},${y + r * 1.4}L${x - r * 1.4},${y}Z`,
  (x, y, r) => `M${x},${y + r * 1.2}L${x + r * 1.2},${y - r}L${x - r * 1.2},${y - r}Z`,
];

/** The mark of one number; hollow where few have said it. */
export function Marker({ x, y, index, colour, ground, hollow, size = 4 }: Props) {
  return (
    <path
      d={shapes[index % shapes.length]!(x, y, size)}
      fill={hollow ? ground : colour}
      stroke={colour}
      strokeWidth={1.5}
    />
  );
}
