import type { LinearModel } from '../learning/linear-model.js';

/** What a company has taught, over what ships. A part that is not there is judged by what ships. */
export interface OwnParts {
  /** Its classes are those of sentiment */
  readonly sentiment?: LinearModel;
  /** Its classes are names of intents, and `none` */
  readonly intents?: LinearModel;
  /** By the topic's name: `no` or `yes` */
  readonly topics?: ReadonlyMap<string, LinearModel>;
}

export interface OwnModel extends OwnParts {
  /** For the tags */
  readonly version: string;
}

export const ownPartNames = ['sentiment', 'intents', 'topics'] as const;
export type OwnPartName = (typeof ownPartNames)[number];

/** The class of a text that is for nothing that can be told. */
export const noIntent = 'none';

/** As the tags name what judged: the base, and the version of what was learned over it. */
export const taggerName = (base: string, own: string | undefined): string =>
  own === undefined ? base : `${base}+own@${own}`;
