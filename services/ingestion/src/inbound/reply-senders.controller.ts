import { sourcePattern } from '@closeloop/contracts';
import { auditActorOf, CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ConfigureReplySenders } from '../application/configure-reply-senders.handler.js';
import { ReplySecretRequest, ReplySenderRequest } from './reply-sender.request.js';
import { bodyOf } from './request-body.js';

const senderRequest = bodyOf(ReplySenderRequest);
const secretRequest = bodyOf(ReplySecretRequest);
const dayInSeconds = 24 * 60 * 60;

/** Who sends what agents answer, source by source. */
@Controller('v1/reply-senders')
@ForPeople('admin')
export class ReplySendersController {
  constructor(private readonly configuration: ConfigureReplySenders) {}

  @Get()
  async list() {
    return { senders: await this.configuration.list() };
  }

  @Put(':source')
  async set(@Param('source') source: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { kind, url, secret } = senderRequest(body);
    return this.configuration.set(sourceFrom(source), {
      kind,
      url: url == null ? undefined : addressFrom(url),
      secret: secret ?? undefined,
      actor: auditActorOf(principal),
    });
  }

  @Post(':source/secrets')
  async rotate(@Param('source') source: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { secret, overlapSeconds } = secretRequest(body ?? {});
    const rotated = await this.configuration.rotate(sourceFrom(source), {
      secret: secret ?? undefined,
      overlapSeconds: overlapSeconds ?? dayInSeconds,
      actor: auditActorOf(principal),
    });
    return rotated ?? unknown(source, 'There is no webhook that sends replies for it.');
  }

  @Delete(':source')
  @HttpCode(204)
  async remove(@Param('source') source: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    const removed = await this.configuration.remove(sourceFrom(source), auditActorOf(principal));
    if (!removed) unknown(source, 'Nobody sends replies for it.');
  }
}

function sourceFrom(text: string): string {
  if (!sourcePattern.test(text)) throw invalid('', 'source', 'This is not the name of a source.');
  return text;
}

/** @throws Problem `invalid` for what is no address that could be asked */
function addressFrom(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.hash !== ''
  ) {
    throw invalid('/url', 'isUrl', 'url must be an http or https address, without a user and without a fragment.');
  }
  return url.href;
}

function unknown(source: string, what: string): never {
  throw new Problem('not-found', `${source}: ${what}`);
}
