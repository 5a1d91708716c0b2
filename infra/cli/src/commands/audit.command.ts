import { type AuditHead, type AuditVerdict } from '@closeloop/platform';
import { counted, Failure, nearest, readWords, UsageError, type Command } from '../command.js';
import { connections } from '../connections.js';
import { statefulServices } from '../workspace.js';

interface Verified extends AuditVerdict {
  readonly service: string;
}

export const audit: Command = {
  name: 'audit',
  summary: 'verify the audit logs: whether an entry was changed, taken out, put in or moved',
  help: `npx closeloop audit verify [--service SERVICE] [--head HEAD]… [--json]

Reads the audit log of every service (or one) in its database and follows the chain from its beginning. Tells of each how many entries it
has and its head, and the first entry that is wrong: changed, missing, added, reordered; or unsealed, where an entry waits longer than it
should. Exit 1 if anything is wrong. DATABASE_URL says where; without it, what \`npm start\` started in this checkout.

The chain shows that nothing was changed since it was sealed by somebody who cannot rewrite all of it, head and all. Keep heads elsewhere
(GET /v1/audit/head of a service, or the last column of this), and give them again: the log must still have all that it had then.

  npx closeloop audit verify
  npx closeloop audit verify --service loop --head loop:42:9f2c…
`,
  async run(words, surroundings) {
    const { values, positionals } = readWords(
      words,
      {
        service: { type: 'string' },
        head: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
      },
      { names: ['verify'] },
    );
    if (positionals[0] !== 'verify') throw new UsageError(`Say verify, not "${positionals[0]}".`);
    const known = statefulServices();
    const serviceOf = (name: string): (typeof known)[number] => {
      const found = known.find((service) => service === name);
      if (found) return found;
      const near = nearest(name, known);
      throw new UsageError(`There is no service ${name} that keeps anything${near ? `; did you mean ${near}?` : '.'}`);
    };
    const chosen = values.service === undefined ? known : [serviceOf(values.service)];
    const heads = (values.head ?? []).map((text) => {
      const head = headOf(text);
      if (!chosen.includes(serviceOf(head.service))) throw new UsageError(`${text} is not of ${values.service}.`);
      return head;
    });
    const env = await connections(surroundings, 'DATABASE_URL');
    const { verifyAudit } = await import('@closeloop/platform');

    const verified: Verified[] = [];
    const without: string[] = [];
    for (const service of chosen) {
      // each head in turn; one look where none is given
      const kept = heads
        .filter((head) => head.service === service)
        .map(({ seal, hash }): AuditHead => ({ seal, hash }));
      let verdict: AuditVerdict | undefined;
      for (const head of kept.length > 0 ? kept : [undefined]) {
        verdict = await verifyAudit(service, env, head);
        if (!verdict || verdict.finding) break;
      }
      if (verdict) verified.push({ service, ...verdict });
      else if (values.service !== undefined || kept.length > 0) throw new Failure(`${service} keeps no audit log.`);
      else without.push(service);
    }
    const bad = verified.some(({ finding }) => finding);
    if (values.json) surroundings.out(`${JSON.stringify({ good: !bad, services: verified, without }, null, 2)}\n`);
    else {
      surroundings.out(verified.map(lineOf).join(''));
      if (without.length > 0) surroundings.out(`${without.join(', ')}: no audit log.\n`);
    }
    return bad ? 1 : 0;
  },
};

function lineOf({ service, head, unsealed, finding }: Verified): string {
  const waiting = unsealed > 0 ? `, ${unsealed} to be sealed` : '';
  const name = service.padEnd(11);
  if (!finding)
    return `${name}good: ${counted(head.seal, 'entry', 'entries')}${waiting}  ${service}:${head.seal}:${head.hash}\n`;
  const { what, seal, id, message } = finding;
  const place = [seal !== undefined && `at ${seal}`, id !== undefined && `entry ${id}`].filter(Boolean).join(', ');
  const holds = `The chain holds up to ${head.seal}${waiting}.`;
  return `${name}${what.toUpperCase()}${place && ` ${place}`}: ${message}.\n${' '.repeat(11)}${holds}\n`;
}

/** @throws UsageError for what no `GET /v1/audit/head` gave */
function headOf(text: string): AuditHead & { service: string } {
  const [, service, seal, hash] = /^([a-z]+):(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (service === undefined || seal === undefined || hash === undefined)
    throw new UsageError(
      `"${text}" is no head: <service>:<seal>:<64 hexadecimal digits>, as GET /v1/audit/head says it.`,
    );
  return { service, seal: Number(seal), hash };
}
