import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Loop } from '../domain/loop.js';
import { type Bag, type PastAnswer } from '../domain/suggestion.js';
import { SuggestionStore } from '../domain/suggestion-store.js';

/** Words of a feedback that are searched for; the ones that it repeats before others. */
const mostWords = 64;
/** Answers that share a word with it and are looked at at all. */
const mostMatches = 5_000;
/** Characters of what was answered that are shown. */
const excerptLength = 200;

@Injectable()
export class SuggestionRepository extends SuggestionStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async wordsOf(feedbackId: string): Promise<Bag | undefined> {
    const [row] = await this.dataSource.query<{ words: CountedWords }[]>(
      `select (select json_object_agg(lexeme, cardinality(positions)) from unnest(searched_words(body))) words
        from words where words_id = $1 and kind = 'feedback'`,
      [feedbackId],
    );
    return row && bagOf(row.words);
  }

  override async candidates({ loopId, team }: Loop, words: Bag, limit: number): Promise<PastAnswer[]> {
    const searched = [...words].sort(([, a], [, b]) => b - a).slice(0, mostWords);
    const rows = await this.dataSource.query<
      {
        loop_id: string;
        version: number;
        at: Date;
        body: { text: string; channel: string };
        verified: boolean;
        excerpt: string;
        words: CountedWords;
      }[]
    >(
      `with query as (
         select string_agg(quote_literal(word), ' | ')::tsquery q from unnest($1::text[]) word),
       matching as (
         select w.loop_id, w.version, w.at, w.body, w.answers, w.feedback_id, ts_rank(w.answers, q, 1) rank
           from query, words w
           where w.kind = 'response' and w.answers @@ q and w.loop_id <> $2
             and exists (select 1 from loop l where l.loop_id = w.loop_id and l.team = $3)
           limit ${mostMatches}),
       nearest as (
         select m.*, f.body answered from matching m join words f on f.words_id = m.feedback_id and f.kind = 'feedback'
           where not exists (select 1 from loop_history h
               where h.loop_id = m.loop_id and h.version > m.version and h.change = 'objected')
             and not exists (select 1 from reply r
               where r.loop_id = m.loop_id and r.version = m.version and r.state = 'failed')
           order by rank desc limit $4)
       select n.loop_id, n.version, n.at, n.body,
           exists (select 1 from loop l where l.loop_id = n.loop_id and l.state = 'verified') verified,
           left(concat_ws(': ', n.answered->'feedback'->>'title', n.answered->'feedback'->>'text'), ${excerptLength}) excerpt,
           (select json_object_agg(lexeme, cardinality(positions)) from unnest(n.answers)) words
         from nearest n order by n.rank desc, n.at desc`,
      [searched.map(([word]) => word), loopId, team, limit],
    );
    return rows.map(({ loop_id, version, at, body, verified, excerpt, words: counted }) => ({
      ...{ loopId: loop_id, version, at, text: body.text, channel: body.channel, verified, excerpt },
      words: bagOf(counted),
    }));
  }
}

type CountedWords = Readonly<Record<string, number>> | null;

const bagOf = (counted: CountedWords): Bag => new Map(Object.entries(counted ?? {}));
