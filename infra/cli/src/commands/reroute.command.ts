import { setTimeout as pause } from 'node:timers/promises';
import { counted, readWords, timesOf, UsageError, type Command } from '../command.js';
import { Services } from '../services.client.js';

interface Reroute {
  readonly rerouteId: string;
  readonly ruleSetVersion: number;
  readonly from: string;
  readonly to: string;
  readonly perSecond: number;
  readonly state: 'running' | 'done' | 'stopped';
  readonly stoppedBecause?: 'asked' | 'other-rules-active';
  readonly lookedAt: number;
  readonly rerouted: number;
  readonly moved: number;
}

const lookMs = 1_000;
const mostPerSecond = 1_000;

const progressOf = ({ lookedAt, rerouted, moved }: Reroute): string =>
  `${counted(lookedAt, 'feedback', 'feedback')} looked at, ${rerouted} routed anew, ${moved} of them to another team`;

export const reroute: Command = {
  name: 'reroute',
  summary: 'route the feedback of a period anew by the active rules',
  help: `npx closeloop reroute --from TIME [--to TIME] --reason WHY [--per-second N] [--no-wait] [--json]

Asks the active rules again about the feedback that was received in the period, at most N a second (50). What comes to another team, priority,
SLA policy, labels or loop is told as the next revision of its route; the loop service moves the loops alone that nobody has touched.
Only feedback that is kept is looked at (ROUTING_KEEP_DAYS, 30). It runs in the service, goes on after a restart and stops where other rules become
active; Ctrl-C here stops the looking on, not the work (POST /v1/reroutes/<id>/stop does). TIME as in \`closeloop republish\`. Exit 1: it was stopped.

  npx closeloop reroute --from 7d --reason 'the spa has a team of its own'
  npx closeloop reroute --from 2026-11-01 --to 2026-11-08 --reason 'rules of version 12' --per-second 200
`,
  async run(words, surroundings) {
    const { values } = readWords(words, {
      ...{ from: { type: 'string' }, to: { type: 'string' }, reason: { type: 'string' } },
      'per-second': { type: 'string' },
      ...{ 'no-wait': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    } as const);
    const { from, to } = timesOf(values);
    if (from === undefined) throw new UsageError('--from TIME is missing.');
    const { json, reason, 'no-wait': noWait } = values;
    if (reason === undefined) throw new UsageError('--reason WHY is missing: it is kept with the reroute.');
    const perSecond = values['per-second'] === undefined ? undefined : Number(values['per-second']);
    if (perSecond !== undefined && !(Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= mostPerSecond)) {
      throw new UsageError(`--per-second takes a whole number from 1 to ${mostPerSecond}.`);
    }
    const { out } = surroundings;
    const services = await Services.find(surroundings);
    let reroute = await services.post<Reroute>('rehearsal', '/v1/reroutes', {
      ...{ from, reason, ...(to !== undefined && { to }), ...(perSecond !== undefined && { perSecond }) },
    });
    const { rerouteId, ruleSetVersion } = reroute;
    if (!json) {
      out(
        `${rerouteId}: by rule set ${ruleSetVersion}, ${reroute.from} to ${reroute.to}, at most ${reroute.perSecond} a second\n`,
      );
    }
    for (let told = ''; !noWait && reroute.state === 'running';) {
      await pause(lookMs);
      reroute = await services.get<Reroute>('rehearsal', `/v1/reroutes/${rerouteId}`);
      const progress = progressOf(reroute);
      if (!json && progress !== told) out(`${progress}\n`);
      told = progress;
    }
    if (json) out(`${JSON.stringify(reroute)}\n`);
    else if (reroute.stoppedBecause === 'other-rules-active') out('Stopped: other rules became active.\n');
    return reroute.state === 'stopped' ? 1 : 0;
  },
};
