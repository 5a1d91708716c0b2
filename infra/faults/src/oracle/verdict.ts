/** Something that is not as it was promised. */
export interface Finding {
  /** In which the feedback was begun that it is about; '' where it is about none of the journal */
  readonly phase: string;
  readonly rule: string;
  /** Of the feedback, loop or letter, or the name of what else it is about */
  readonly id: string;
  readonly told: string;
  readonly found: string;
}

export interface PhaseVerdict {
  /** Submissions that were accepted, revisions too */
  accepted: number;
  undetermined: number;
  rejected: number;
  readonly lost: Finding[];
  readonly doubled: Finding[];
  readonly misordered: Finding[];
}

export interface Verdict {
  readonly phases: Readonly<Record<string, PhaseVerdict>>;
  readonly other: Finding[];
  /** There is not one finding */
  readonly good: boolean;
}
