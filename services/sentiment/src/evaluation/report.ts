import type { Evaluation } from './evaluation.js';

const three = (value: number): number => Math.round(value * 1000) / 1000;
const share = (value: number): string => value.toFixed(3).replace(/^0/, '');

/** Of more classes the first ones are shown. */
const mostClasses = 40;

/** One file, for a person to read. */
export function reportOf(evaluation: Evaluation): string {
  const { file, n, accuracy, microF1, macroF1, ci95, ece, outOfScopeFound } = evaluation;
  const { perClass, confusion, textsPerSecond, p99Microseconds } = evaluation;
  const classes = Object.entries(perClass);
  const width = Math.max(8, ...classes.map(([name]) => name.length));
  const extra = [
    ...(microF1 === undefined ? [] : [`micro-F1 ${share(microF1)}`]),
    ...(outOfScopeFound === undefined ? [] : [`out of scope found ${share(outOfScopeFound)}, 95 % of the rest kept`]),
  ];
  if (classes.length > mostClasses) classes.splice(mostClasses);
  const said = [...new Set(Object.values(confusion).flatMap((row) => Object.keys(row)))];
  return [
    `${file}: ${n} texts`,
    `  accuracy ${share(accuracy)} · macro-F1 ${share(macroF1)} (95 %: ${ci95.map(share).join(' to ')}) · ECE ${share(ece)}`,
    ...(extra.length > 0 ? [`  ${extra.join(' · ')}`] : []),
    `  ${textsPerSecond.toLocaleString('en')} texts/s on one core · p99 ${p99Microseconds} µs`,
    `  ${'label'.padEnd(width)}  precision  recall     F1  texts${said.length > 0 && said.length <= mostClasses ? `  said: ${said.join(' ')}` : ''}`,
    ...classes.map(([name, { precision, recall, f1, support }]) => {
      const figures = [precision, recall, f1].map((value) => share(value).padStart(8)).join(' ');
      return `  ${name.padEnd(width)} ${figures} ${String(support).padStart(6)}${
        said.length > mostClasses ? '' : `  ${said.map((one) => confusion[name]?.[one] ?? 0).join(' ')}`
      }`;
    }),
  ].join('\n');
}

/** As the last line of --json has it; shares with three digits. */
export function jsonOf(evaluation: Evaluation): object {
  const { ci95, accuracy, microF1, macroF1, ece, perClass, outOfScopeFound, ...rest } = evaluation;
  return {
    ...rest,
    ...(microF1 !== undefined && { microF1: three(microF1) }),
    ...(outOfScopeFound !== undefined && { outOfScopeFound: three(outOfScopeFound) }),
    accuracy: three(accuracy),
    macroF1: three(macroF1),
    ci95: ci95.map(three),
    ece: three(ece),
    perClass: Object.fromEntries(
      Object.entries(perClass).map(([name, { support, ...shares }]) => [
        name,
        { ...Object.fromEntries(Object.entries(shares).map(([what, value]) => [what, three(value)])), support },
      ]),
    ),
  };
}
