import { Injectable, Module } from '@nestjs/common';
import { IsOptional, IsUrl } from 'class-validator';
import { configProvider, FromEnv } from './configuration.js';
import { Problem } from './problem.js';
import { currentTraceparent } from './trace.js';

const answerWithinMs = 3_000;
/** A team that was there is taken to be there for so long. */
const knownForMs = 60_000;

/** A name of a team, and where somebody wrote it. */
export interface NamedTeam {
  /** RFC 6901, into the body */
  readonly pointer: string;
  readonly team: string;
}

export class TeamDirectoryConfig {
  /** Where routing listens: it knows which teams there are. Without it, names of teams are taken as they are given. */
  @FromEnv('ROUTING_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  routingUrl?: string;
}

/** Which teams there are: asks routing, with the token of the person who asks; without ROUTING_URL every name will do. */
@Injectable()
export class TeamDirectory {
  #known = new Set<string>();
  #until = 0;

  constructor(private readonly config: TeamDirectoryConfig) {}

  /**
   * @param authorization the header of the person who asks
   * @throws Problem `invalid` naming each that is not there, `store-unavailable` where that cannot be told now
   */
  async assertThere(named: readonly NamedTeam[], authorization: string | undefined): Promise<void> {
    const { routingUrl } = this.config;
    if (routingUrl === undefined || named.length === 0) return;
    const isFresh = performance.now() < this.#until;
    if (isFresh && named.every(({ team }) => this.#known.has(team))) return;
    this.#known = await this.#ask(routingUrl, authorization);
    this.#until = performance.now() + knownForMs;
    const names = [...this.#known].sort().join(', ');
    const errors = named
      .filter(({ team }) => !this.#known.has(team))
      .map(({ pointer, team }) => ({ pointer, rule: 'known', message: `there is no team ${team}: ${names}` }));
    if (errors.length > 0) throw new Problem('invalid', errors[0]!.message, { errors });
  }

  async #ask(url: string, authorization: string | undefined): Promise<Set<string>> {
    const traceparent = currentTraceparent();
    try {
      const response = await fetch(new URL('/v1/teams', url), {
        headers: { ...(authorization !== undefined && { authorization }), ...(traceparent && { traceparent }) },
        redirect: 'error',
        signal: AbortSignal.timeout(answerWithinMs),
      });
      if (!response.ok) throw new Error(`routing answered ${response.status}`);
      const { items } = (await response.json()) as { items: { name: string }[] };
      return new Set(items.map(({ name }) => name));
    } catch (cause) {
      throw new Problem('store-unavailable', 'Routing, which knows the teams, cannot be asked at the moment.', {
        headers: { 'retry-after': '2' },
        cause,
      });
    }
  }
}

/** Gives {@link TeamDirectory}. */
@Module({ providers: [configProvider(TeamDirectoryConfig), TeamDirectory], exports: [TeamDirectory] })
export class TeamDirectoryModule {}
