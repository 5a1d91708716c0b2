import { IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import { IsTimestamp, Nested } from './decorators.js';
import { type EventDeclaration, type EventFamily } from './event-declaration.js';
import { Feedback } from './feedback.js';
import { Actor, loopChanges, LoopSnapshot, type LoopChange } from './loop-changed.v1.js';
import { teamPattern } from './route.js';
import { Tags } from './tags.js';

/** A step of a loop, as the team hears of it that has the loop; and, of the step by which the loop leaves it, the other. */
export class TeamInbox {
  @IsUUID() loopId!: string;
  /** Of the loop, gapless from 1 */
  @IsInt() @Min(1) @Max(2_147_483_647) version!: number;
  @IsIn(loopChanges) change!: LoopChange;
  /** What was noted, where nothing moved: `warned`, `breached`, `reply-sent`, `reply-failed`…; this list grows */
  @IsOptional() @Matches(/^[a-z][a-z-]{0,39}$/) note?: string;
  @IsTimestamp() at!: string;
  @Nested(() => Actor) actor!: Actor;
  /** After the step. Another team than the inbox's: the loop has left this one */
  @Nested(() => LoopSnapshot) loop!: LoopSnapshot;
  /** What the step is about, or else what opened the loop, as it was last told; absent when its words were erased */
  @IsOptional() @Nested(() => Feedback) feedback?: Feedback;
  @IsOptional() @Nested(() => Tags) tags?: Tags | null;
}

/** The topic of a team. */
export const teamInboxTopic = (team: string): string => `team-inbox.${team}.v1`;

const declared = new Map<string, EventDeclaration<TeamInbox>>();

/** What is told to one team. @throws TypeError for what is not the name of a team */
export function teamInbox(team: string): EventDeclaration<TeamInbox> {
  let declaration = declared.get(team);
  if (!declaration) {
    if (!teamPattern.test(team)) throw new TypeError('not the name of a team');
    declaration = Object.freeze({
      topic: teamInboxTopic(team),
      description: teamInboxes.description,
      data: TeamInbox,
      key: (event: TeamInbox) => event.loopId,
    });
    declared.set(team, declaration);
  }
  return declaration;
}

/** The topics of all teams: made with the team, so that a broker's ACLs can guard each. */
export const teamInboxes: EventFamily<TeamInbox> = Object.freeze({
  name: 'team-inbox.v1',
  address: 'team-inbox.{team}.v1',
  parameter: { name: 'team', description: 'Name of the team' },
  description: 'A loop of a team moved, with the feedback that it is about',
  data: TeamInbox,
  has: (topic: string) => {
    const [name = '', team = '', version = '', ...rest] = topic.split('.');
    return name === 'team-inbox' && teamPattern.test(team) && version === 'v1' && rest.length === 0;
  },
});
