import { type Verdict } from './oracle/oracle.js';

/** What came of one fault. */
export interface FaultOutcome {
  readonly name: string;
  /** Whose findings and feedback these are: its name, or those of the faults that it overlapped with */
  readonly phase: string;
  readonly injected: number;
  readonly recoveredSeconds: number | undefined;
  readonly problems: readonly string[];
  readonly facts: Readonly<Record<string, number>>;
  /** Why it could not be done here */
  readonly notRun?: string;
}

export interface FaultLine {
  injected: number;
  accepted: number;
  lost: number;
  doubled: number;
  misordered: number;
  /** The longest time until everything flowed again; null where nothing was measured */
  recoveredSeconds: number | null;
}

/** What `--json` prints. */
export interface FaultsResult {
  faults: Record<string, FaultLine>;
  verdict: 'good' | 'bad';
}

export interface RunReport {
  readonly seed: number;
  readonly outcomes: readonly FaultOutcome[];
  readonly verdict: Verdict;
  /** What is wrong beside the findings and what the faults themselves saw */
  readonly problems: readonly string[];
}

export function resultOf({ outcomes, verdict, problems }: RunReport): FaultsResult {
  const faults: Record<string, FaultLine> = {};
  for (const { name, phase, injected, recoveredSeconds } of outcomes) {
    const seen = verdict.phases[phase];
    faults[name] = {
      injected,
      accepted: seen?.accepted ?? 0,
      lost: seen?.lost.length ?? 0,
      doubled: seen?.doubled.length ?? 0,
      misordered: seen?.misordered.length ?? 0,
      recoveredSeconds: recoveredSeconds === undefined ? null : Math.round(recoveredSeconds * 10) / 10,
    };
  }
  const good = verdict.good && problems.length === 0 && outcomes.every((outcome) => outcome.problems.length === 0);
  return { faults, verdict: good ? 'good' : 'bad' };
}

const COLUMNS = ['fault', 'injected', 'accepted', 'undetermined', 'lost', 'doubled', 'misordered', 'back s', ''];

/** For people */
export function tableOf(report: RunReport): string {
  const { outcomes, verdict } = report;
  const { faults } = resultOf(report);
  const phases = new Set(outcomes.map(({ phase }) => phase));
  const rows = outcomes.map(({ name, phase, problems, facts, notRun }) => {
    const { injected, accepted, lost, doubled, misordered, recoveredSeconds } = faults[name]!;
    if (notRun !== undefined) return [name, 'not run', '', '', '', '', '', '', notRun];
    const counts = [injected, accepted, verdict.phases[phase]?.undetermined ?? 0, lost, doubled, misordered];
    const said = Object.entries(facts).map(([what, value]) => `${what} ${value}`);
    if (phase !== name) said.unshift(`together: ${phase}`);
    return [
      `${problems.length > 0 || lost + doubled + misordered > 0 ? '✘' : '✔'} ${name}`,
      ...counts.map(String),
      recoveredSeconds?.toFixed(1) ?? '',
      said.join(' · '),
    ];
  });
  for (const [phase, seen] of Object.entries(verdict.phases)) {
    if (phases.has(phase)) continue;
    const { accepted, undetermined, lost, doubled, misordered } = seen;
    const counts = [accepted, undetermined, lost.length, doubled.length, misordered.length];
    rows.push([`  (${phase})`, '', ...counts.map(String), '', '']);
  }
  const widths = COLUMNS.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  return [COLUMNS, ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === COLUMNS.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const SHOWN = 20;

/** Every problem, and the first of the findings */
export function complaints({ outcomes, verdict, problems }: RunReport): string[] {
  const findings = [
    ...Object.values(verdict.phases).flatMap(({ lost, doubled, misordered }) => [...lost, ...doubled, ...misordered]),
    ...verdict.other,
  ];
  return [
    ...problems,
    ...outcomes.flatMap((outcome) => outcome.problems.map((problem) => `${outcome.name}: ${problem}`)),
    ...findings
      .slice(0, SHOWN)
      .map(({ phase, rule, id, told, found }) => `${phase || '-'}: ${rule}: ${id}: told ${told}; found ${found}`),
    ...(findings.length > SHOWN ? [`… and ${findings.length - SHOWN} more findings`] : []),
  ];
}
