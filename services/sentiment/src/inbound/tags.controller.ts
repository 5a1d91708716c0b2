import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { CorrectTags } from '../application/correct-tags.handler.js';
import { TaggedStore, type KeptCorrection, type TaggedFeedback } from '../domain/tagged-store.js';
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
    private readonly correctTags: CorrectTags,
  ) {}

  @Get()
  async read(@Param('feedbackId') id: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const found = await this.store.find(idFrom(id, 'feedback'));
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
    const result = await this.correctTags.handle(personOf(principal), idFrom(id, 'feedback'), said, seenOf(ifMatch));
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
}

const tagsEtag = ({ feedback: { revision }, tagRevision }: TaggedFeedback): string => etagOf({ revision, tagRevision });

const unknown = () =>
  new Problem('not-found', 'There is no such feedback here: it was not tagged yet, or it was deleted.');
