import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { CorrectTags } from '../application/correct-tags.handler.js';
import { TaggedStore, type KeptCorrection, type TaggedFeedback } from '../domain/tagged-store.js';
import { maySee } from '../domain/whose.js';
import { WhoseStore } from '../domain/whose-store.js';
import { bodyOf, correctionOf, etagOf, idFrom, personOf, seenOf, TagsRequest } from './learning.request.js';

const tagsRequest = bodyOf(TagsRequest);

const viewOf = ({ feedback, tagRevision, tags }: TaggedFeedback) => ({
  ...{ feedbackId: feedback.feedbackId, revision: feedback.revision, tagRevision, tags },
});

const correctionView = ({ at, ...rest }: KeptCorrection) => ({ ...rest, at: at.toISOString() });

/** What tags a feedback has, and what people say of them. */
@Controller('v1/feedback/:feedbackId/tags')
@ForPeople()
export class TagsController {
  constructor(
    private readonly store: TaggedStore,
    private readonly whose: WhoseStore,
    private readonly correctTags: CorrectTags,
  ) {}

  @Get()
  async read(
    @Param('feedbackId') id: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = await this.store.find(await this.#seenBy(principal, id));
    if (!found) throw unknown();
    void reply.header('etag', tagsEtag(found.tagged));
    return { ...viewOf(found.tagged), corrections: found.corrections.map(correctionView) };
  }

  @Post()
  @HttpCode(200)
  async correct(
    @Param('feedbackId') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const said = correctionOf(tagsRequest(body));
    const feedbackId = await this.#seenBy(principal, id);
    const result = await this.correctTags.handle(personOf(principal), feedbackId, said, seenOf(ifMatch));
    if (result.kind === 'unknown') throw unknown();
    const { tagged } = result;
    if (result.kind === 'conflict') {
      throw new Problem('version-conflict', `The tags are at ${tagsEtag(tagged)}, not at the ones that you saw.`, {
        headers: { etag: tagsEtag(tagged) },
        ...viewOf(tagged),
      });
    }
    void reply.header('etag', tagsEtag(tagged));
    return viewOf(tagged);
  }

  /** @throws Problem `not-found` for what is another team's, too: nobody is told that it is there */
  async #seenBy(principal: Principal, id: string): Promise<string> {
    const feedbackId = idFrom(id, 'feedback');
    const team = await this.whose.teamOf(feedbackId);
    if (principal.kind !== 'person' || !maySee(principal, team)) throw unknown();
    return feedbackId;
  }
}

const tagsEtag = ({ feedback: { revision }, tagRevision }: TaggedFeedback): string => etagOf({ revision, tagRevision });

const unknown = () =>
  new Problem(
    'not-found',
    'There is no such feedback here for you: it was not tagged yet, it was deleted, or it is not known to be of your teams.',
  );
