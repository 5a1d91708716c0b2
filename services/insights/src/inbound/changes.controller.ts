import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ChangeFeed, type Change } from '../domain/change-feed.js';
import { personOf, teamsOf } from './metric-question.js';

const heartbeatMs = 15_000;
/** A browser comes again by itself, with a token that is still good. */
const longestMs = 30 * 60_000;
/** Streams at once; what is written into one is held in memory until its reader has taken it. */
const mostStreams = 500;
/** A reader that is so far behind is let go: it reads the state anew when it comes again. */
const mostUnread = 1024 * 1024;

/** What happens to loops and insights, as server-sent events: of the teams that one may see. */
@Controller('v1/changes')
@ForPeople('agent', 'manager', 'admin')
export class ChangesController {
  readonly #streams = new Set<() => void>();
  #stopping = false;

  constructor(
    private readonly feed: ChangeFeed,
    host: HttpAdapterHost,
  ) {
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', (done) => {
      this.#stopping = true;
      for (const end of [...this.#streams]) end();
      done();
    });
  }

  @Get()
  follow(@CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const teams = teamsOf(personOf(principal));
    if (this.#stopping || this.#streams.size >= mostStreams) {
      throw new Problem('rate-limited', `${mostStreams} look on already: ask again later.`, {
        headers: { 'retry-after': '30' },
      });
    }
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // proxies that gather answers would keep it back
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD') {
      raw.end();
      return;
    }
    raw.write('retry: 2000\n\n');
    const end = (): void => {
      this.#streams.delete(end);
      clearInterval(heartbeat);
      clearTimeout(limit);
      unsubscribe();
      raw.end();
    };
    const unsubscribe = this.feed.subscribe((change) => {
      if (!mayHear(change, teams)) return;
      raw.write(`event: ${change.event}\ndata: ${JSON.stringify(change.data)}\n\n`);
      if (raw.writableLength > mostUnread) end();
    });
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
    const limit = setTimeout(end, longestMs);
    this.#streams.add(end);
    raw.once('close', end);
    raw.once('error', end);
  }
}

const mayHear = ({ data: { team } }: Change, teams: readonly string[] | undefined): boolean =>
  teams === undefined || (team !== undefined && teams.includes(team));
