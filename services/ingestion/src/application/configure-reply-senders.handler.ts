import { describeError, ForbiddenAddress, invalid } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type Actor } from '../domain/actor.js';
import { ReplyFiles } from '../domain/reply-files.js';
import { ReplySenders, type ReplySenderKind, type ReplySenderView } from '../domain/reply-senders.js';
import { ReplyWebhooks } from '../domain/reply-webhooks.js';
import { secretOfKey } from '../domain/webhook-signature.js';
import { keyFrom } from './configure-webhooks.handler.js';

/** A sender; with the secret where one was set just now: it is not shown again. `file`: the name in the folder of replies. */
export type ConfiguredSender = ReplySenderView & { readonly secret?: string; readonly file?: string };

/** Says who sends replies for a source. */
@Injectable()
export class ConfigureReplySenders {
  constructor(
    private readonly senders: ReplySenders,
    private readonly files: ReplyFiles,
    private readonly webhooks: ReplyWebhooks,
  ) {}

  async list(): Promise<ConfiguredSender[]> {
    return (await this.senders.list()).map((view) => this.shown(view));
  }

  /**
   * A webhook keeps its secret when its address changes, unless a new one is given; its first one is drawn here.
   * @throws Problem `invalid` for an address that may not be asked, a secret that is none, or files where there is no folder
   */
  async set(
    source: string,
    given: { kind: ReplySenderKind; url: string | undefined; secret: string | undefined; actor: Actor },
  ): Promise<ConfiguredSender> {
    const { kind, url, secret, actor } = given;
    if (kind === 'file') {
      if (url !== undefined) throw invalid('/url', 'kind', 'A file sender has no url.');
      if (secret !== undefined) throw invalid('/secret', 'kind', 'A file sender has no secret.');
      if (!this.files.isOn) {
        throw invalid('/kind', 'kind', 'Files are off here: INGESTION_REPLIES_DIR names no folder.');
      }
      return this.shown(await this.senders.set(source, { kind, actor }));
    }
    if (url === undefined) throw invalid('/url', 'kind', 'A webhook needs a url.');
    await this.assertAllowed(url);
    const isNew = secret !== undefined || !(await this.senders.hasSecret(source));
    const key = isNew ? keyFrom(secret) : undefined;
    const view = await this.senders.set(source, { kind, url, actor, ...(key && { key }) });
    return { ...this.shown(view), ...(key && { secret: secretOfKey(key) }) };
  }

  /** A further secret; the ones before it sign as well until the overlap ends. Undefined where there is no webhook. */
  async rotate(
    source: string,
    change: { secret: string | undefined; overlapSeconds: number; actor: Actor },
  ): Promise<ConfiguredSender | undefined> {
    const key = keyFrom(change.secret);
    const view = await this.senders.rotate(source, { ...change, key });
    return view && { ...this.shown(view), secret: secretOfKey(key) };
  }

  /** False for a source that has none. */
  remove(source: string, actor: Actor): Promise<boolean> {
    return this.senders.remove(source, actor);
  }

  private shown(view: ReplySenderView): ConfiguredSender {
    return view.kind === 'file' ? { ...view, file: this.files.nameOf(view.source) } : view;
  }

  private async assertAllowed(url: string): Promise<void> {
    try {
      await this.webhooks.assertAllowed(url);
    } catch (error) {
      const why = error instanceof ForbiddenAddress ? error.message : `It cannot be resolved: ${describeError(error)}`;
      throw invalid('/url', 'publicAddress', why);
    }
  }
}
