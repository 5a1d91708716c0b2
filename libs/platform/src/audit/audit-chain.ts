import { createHash } from 'node:crypto';

/** A row of the log as it is hashed: times to the microsecond in UTC, `before` and `after` as the text that is stored. */
export interface AuditRow {
  readonly id: string;
  readonly at: string;
  readonly actorKind: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly action: string;
  readonly kind: string;
  readonly resource: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** `hash`: hexadecimal */
export interface SealedRow extends AuditRow {
  readonly seal: number;
  readonly sealedAt: string;
  readonly hash: string;
}

/** The end of a chain: how many rows it has, and the hash of the last. */
export interface AuditHead {
  readonly seal: number;
  readonly hash: string;
}

export const emptyChain: AuditHead = { seal: 0, hash: '00'.repeat(32) };

/** sha256 of the hash before it, as bytes, and of the row as a JSON array in UTF-8. Hexadecimal. */
export function hashOf(before: string, row: AuditRow, sealedAt: string): string {
  const { id, at, actorKind, actor, roles, action, kind, resource } = row;
  const canonical = [id, at, actorKind, actor, roles, action, kind, resource, row.before, row.after, sealedAt];
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(JSON.stringify(canonical)).digest('hex');
}

/**
 * What is wrong with a log. `changed`: a row does not say what was sealed. `missing`: one that was sealed is not there. `added`: one was
 * put in past the chain. `reordered`: one stands at another's place. `unsealed`: one waits longer than it should.
 */
export interface AuditFinding {
  readonly what: 'changed' | 'missing' | 'added' | 'reordered' | 'unsealed';
  /** Place in the chain; absent where the row has none */
  readonly seal?: number;
  /** The row; absent where it is missing */
  readonly id?: string;
  readonly message: string;
}

/** A row that says it was written so long before others were sealed had been sealed with them; no transaction of ours takes as long. */
const longestTransactionMs = 300_000;

/** Reads a chain in its order, row by row, up to the first that is wrong. */
export class ChainCheck {
  #end = emptyChain;
  #last: SealedRow | undefined;
  /** When rows were sealed last before those that were sealed with the last one */
  #sealedBefore = '';

  /** How far the chain holds */
  get end(): AuditHead {
    return this.#end;
  }

  /** @returns undefined where the row is the next of the chain; else what is wrong, or `mismatch` for who can look at the others */
  take(row: SealedRow): AuditFinding | 'mismatch' | undefined {
    const next = this.#end.seal + 1;
    const { seal, id } = row;
    if (seal < next) {
      return { what: 'added', seal, id, message: `a second entry is sealed as ${seal}, beside ${this.#last?.id}` };
    }
    if (seal > next) return missing(next, seal - 1);
    if (hashOf(this.#end.hash, row, row.sealedAt) !== row.hash) return 'mismatch';
    if (this.#last && this.#last.sealedAt !== row.sealedAt) this.#sealedBefore = this.#last.sealedAt;
    if (this.#sealedBefore !== '' && Date.parse(row.at) < Date.parse(this.#sealedBefore) - longestTransactionMs) {
      const message = `it says that it was written at ${row.at}, and was not there when others were sealed at ${this.#sealedBefore}`;
      return { what: 'added', seal, id, message };
    }
    this.#last = row;
    this.#end = { seal, hash: row.hash };
    return undefined;
  }

  /** What is wrong with a row that is not the next of the chain, told from all that are sealed, in their order. */
  async explain(row: SealedRow, all: AsyncIterable<SealedRow>, head: AuditHead): Promise<AuditFinding> {
    const { seal, id } = row;
    const before = this.#end.hash;
    let last = row;
    let belongs: SealedRow | undefined;
    let afterIt: SealedRow | undefined;
    for await (const other of all) {
      if (other.seal > last.seal) last = other;
      if (belongs && other.seal === belongs.seal + 1) afterIt = other;
      if (belongs || other.id === id) continue;
      const hash = hashOf(before, other, other.sealedAt);
      if (hash === other.hash || hash === row.hash) belongs = other;
    }
    if (belongs) {
      const restFollows = afterIt
        ? hashOf(belongs.hash, afterIt, afterIt.sealedAt) === afterIt.hash
        : head.seal === belongs.seal - 1;
      return belongs.seal === seal + 1 && restFollows
        ? { what: 'added', seal, id, message: `it was put in before ${belongs.id}, which the chain has here` }
        : { what: 'reordered', seal, id, message: `${belongs.id} belongs here, which stands at seal ${belongs.seal}` };
    }
    if (last.seal < head.seal) {
      const message = `what stood here, before ${id}, is not there: ${last.seal} of ${head.seal} sealed entries are`;
      return { what: 'missing', seal, message };
    }
    return { what: 'changed', seal, id, message: 'what it says does not give the hash that it was sealed with' };
  }

  /** Whether the chain ends where it is said to. */
  endsAt(head: AuditHead): AuditFinding | undefined {
    const { seal, hash } = this.#end;
    if (seal < head.seal) return missing(seal + 1, head.seal);
    if (seal > head.seal) {
      const message = `the log's head is ${head.seal}, and entries come after it`;
      return { what: 'added', seal: head.seal + 1, message };
    }
    return hash === head.hash ? undefined : anotherHash(head);
  }
}

export const missing = (from: number, to: number): AuditFinding => ({
  what: 'missing',
  seal: from,
  message: from === to ? `the entry sealed as ${from} is not there` : `entries ${from} to ${to} are not there`,
});

export const anotherHash = ({ seal }: AuditHead): AuditFinding => ({
  what: 'changed',
  seal,
  message: `the chain has another hash at ${seal} than the head says: an entry up to there was changed and hashed anew`,
});
