import { type ReplyRequested } from '@closeloop/contracts';

/** Replies as lines of files, one file a source, for whoever fetches them there. */
export abstract class ReplyFiles {
  /** Whether there is a folder for them. */
  abstract readonly isOn: boolean;
  /** Where replies of a source are written. */
  abstract nameOf(source: string): string;
  /** Appends a reply, and returns when it is on the disk. `maybeThere`: looks whether a try before has written it. */
  abstract append(reply: ReplyRequested, maybeThere: boolean): Promise<void>;
}
