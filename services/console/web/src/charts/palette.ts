/** Colours of lines and marks: after Okabe and Ito, told apart by people of any colour vision, and at 3:1 at least on their ground. */
export interface Palette {
  readonly series: readonly string[];
  readonly ground: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  /** From little to much */
  readonly heat: readonly [string, string];
  /** Worse, neutral, better */
  readonly diverging: readonly [string, string, string];
}

const light: Palette = {
  series: ['#0072b2', '#c04a00', '#007a5a', '#a8477f', '#7d6000', '#454545'],
  ...{ ground: '#ffffff', text: '#1f2329', quiet: '#5c636d', line: '#d5d9de' },
  heat: ['#eef4fa', '#08519c'],
  diverging: ['#b2500a', '#f4f4f4', '#0b6aa8'],
};

const dark: Palette = {
  series: ['#56b4e9', '#f0955a', '#2fc4a0', '#e79cc6', '#e8c545', '#c9c9c9'],
  ...{ ground: '#1f2126', text: '#e7e9ec', quiet: '#a7adb7', line: '#3d4149' },
  heat: ['#262b33', '#2b76b5'],
  diverging: ['#ad5a14', '#33363c', '#2b76b5'],
};

export const paletteOf = (scheme: 'light' | 'dark'): Palette => (scheme === 'dark' ? dark : light);

type Rgb = readonly [number, number, number];

const rgbOf = (hex: string): Rgb => {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
};

const hexOf = (rgb: readonly number[]): string =>
  `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

/** Between two colours. @param at 0..1 */
export function mix(from: string, to: string, at: number): string {
  const [a, b] = [rgbOf(from), rgbOf(to)];
  const share = Math.min(1, Math.max(0, at));
  return hexOf(a.map((part, index) => part + (b[index]! - part) * share));
}

/** Relative luminance as WCAG 2 has it */
function luminanceOf(hex: string): number {
  const [r, g, b] = rgbOf(hex).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio as WCAG 2 has it, 1..21 */
export function contrastOf(a: string, b: string): number {
  const [x, y] = [luminanceOf(a), luminanceOf(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** The ink that is read better on that ground. */
export const inkOn = (ground: string): string =>
  contrastOf(ground, '#000000') >= contrastOf(ground, '#ffffff') ? '#000000' : '#ffffff';

/** The colour of a value between two bounds. */
export function heatColour(
  palette: Palette,
  value: number,
  [low, high]: readonly [number, number],
  diverging: boolean,
): string {
  if (!diverging) return mix(palette.heat[0], palette.heat[1], high === low ? 0.5 : (value - low) / (high - low));
  const [worse, neutral, better] = palette.diverging;
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return value < 0 ? mix(neutral, worse, -value / reach) : mix(neutral, better, value / reach);
}
