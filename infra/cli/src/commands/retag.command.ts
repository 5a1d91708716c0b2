import { setTimeout as pause } from 'node:timers/promises';
import { counted, readWords, timesOf, UsageError, type Command } from '../command.js';
import { Services } from '../services.client.js';

interface Retag {
  readonly retagId: string;
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly perSecond: number;
  readonly state: 'running' | 'done' | 'stopped';
  readonly lookedAt: number;
  readonly retagged: number;
  readonly changed: number;
  readonly leftHuman: number;
  readonly failed: number;
}

const lookMs = 1_000;
const mostPerSecond = 1_000;

const progressOf = ({ lookedAt, retagged, changed, leftHuman, failed }: Retag): string =>
  `${counted(lookedAt, 'feedback', 'feedback')} looked at, ${retagged} tagged anew, ${changed} of them otherwise, ${leftHuman} left as a person has said, ${lookedAt - retagged - leftHuman - failed} that it says the same of${failed > 0 ? `, ${failed} that could not be judged` : ''}`;

export const retag: Command = {
  name: 'retag',
  summary: 'judge the feedback of a period anew by the active or another model',
  help: `npx closeloop retag --from TIME [--to TIME] [--model VERSION] [--per-second N] [--no-wait] [--json]

Tags the feedback that was received in the period anew, at most N a second (50): each gets a new revision of its tags, is routed again, and
its loop hears of it. What a person has said stands. VERSION is one of \`closeloop models\`, or \`shipped\`; the active one unless told otherwise.
It runs in the service and goes on after a restart; Ctrl-C here stops the looking on, not the work (POST /v1/retags/<id>/stop does). TIME as in \`closeloop republish\`.

  npx closeloop retag --from 7d
  npx closeloop retag --from 2026-11-01 --to 2026-11-08 --model shipped --per-second 200
`,
  async run(words, surroundings) {
    const { values } = readWords(words, {
      ...{ from: { type: 'string' }, to: { type: 'string' }, model: { type: 'string' } },
      'per-second': { type: 'string' },
      ...{ 'no-wait': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    } as const);
    const { from, to } = timesOf(values);
    if (from === undefined) throw new UsageError('--from TIME is missing.');
    const perSecond = values['per-second'] === undefined ? undefined : Number(values['per-second']);
    if (perSecond !== undefined && !(Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= mostPerSecond)) {
      throw new UsageError(`--per-second takes a whole number from 1 to ${mostPerSecond}.`);
    }
    const { json, model, 'no-wait': noWait } = values;
    const { out } = surroundings;
    const services = await Services.find(surroundings);
    let retag = await services.post<Retag>('learning', '/v1/retags', {
      ...{ from, ...(to !== undefined && { to }), ...(model !== undefined && { model }) },
      ...(perSecond !== undefined && { perSecond }),
    });
    if (!json)
      out(`${retag.retagId}: by ${retag.model}, ${retag.from} to ${retag.to}, at most ${retag.perSecond} a second\n`);
    for (let told = ''; !noWait && retag.state === 'running';) {
      await pause(lookMs);
      retag = await services.get<Retag>('learning', `/v1/retags/${retag.retagId}`);
      const progress = progressOf(retag);
      if (!json && progress !== told) out(`${progress}\n`);
      told = progress;
    }
    if (json) out(`${JSON.stringify(retag)}\n`);
    return retag.state === 'stopped' ? 1 : 0;
  },
};
