import { deadLetterTopic, type Station } from '@closeloop/contracts';
import { databaseUrlOf, type Env, loadConfig } from '@closeloop/platform';
import { type Admin } from 'kafkajs';
import pg from 'pg';
import { Alarm, type LogRange, type Place, placeOf, withinLog } from './batch.js';
import { adminOf } from './kafka.client.js';
import { KafkaConfig } from './kafka.config.js';

/** A position that could not be gone on from, and where the group goes on now. */
export interface ResetPosition {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly to: number;
  /** Why it could not be gone on from */
  readonly reason: string;
}

/**
 * Takes the positions of a service anew that its log does not hold, or that are of another cluster; every other stays. The service may
 * run: it looks again every ten seconds, and goes on. What lay between is not made up for by this: republish does that.
 * @param service whose database and group it is
 * @param mode as its module says it
 * @param options to: the beginning of the log (what is in it is done again, which is harmless) or its end; dryRun: only tells
 * @throws when Kafka or the database cannot be reached
 */
export async function resetPositions(
  env: Env,
  service: string,
  station: Station,
  mode: 'hop' | 'effect',
  { to = 'start', dryRun = false }: { to?: 'start' | 'end'; dryRun?: boolean } = {},
): Promise<ResetPosition[]> {
  const config = loadConfig(KafkaConfig, env, service);
  const withAdmin = adminOf(config, `closeloop.${service}.positions`);
  const topics = [
    ...station.consumes.map(({ topic }) => topic),
    ...station.consumesDeadLettersOf.map(({ topic }) => deadLetterTopic(topic)),
  ];
  return withAdmin(async (admin) => {
    const { clusterId } = await admin.describeCluster();
    // Asked when the positions were read: none goes past where the log ends later.
    const log = async (): Promise<LogRange[]> => {
      const ranges: LogRange[] = [];
      for (const topic of topics) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(config.prefix + topic)) {
          ranges.push({ topic, partition, low: BigInt(low), high: BigInt(high) });
        }
      }
      return ranges;
    };
    const offsetOf = (range: LogRange) => (to === 'start' ? range.low : range.high);
    const told = (range: LogRange, { reason }: Alarm): ResetPosition => ({
      group: station.group,
      topic: range.topic,
      partition: range.partition,
      to: Number(offsetOf(range)),
      reason,
    });
    if (mode === 'effect') {
      const client = new pg.Client({ connectionString: databaseUrlOf(service, env), connectionTimeoutMillis: 5_000 });
      await client.connect();
      try {
        const reset: ResetPosition[] = [];
        for (const [range, alarm, stored] of await alarmsOfEffect(client, station.group, clusterId, log)) {
          if (!dryRun) {
            // Only where it still is what was looked at: an owner may have gone on meanwhile.
            const { rowCount } = await client.query(
              `update consumer_offset set cluster = $1, next_offset = $2, updated_at = clock_timestamp()
               where consumer_group = $3 and topic = $4 and partition = $5 and cluster = $6 and next_offset = $7`,
              [
                clusterId,
                offsetOf(range).toString(),
                station.group,
                range.topic,
                range.partition,
                stored.cluster,
                stored.next_offset,
              ],
            );
            if (rowCount === 0) continue;
          }
          reset.push(told(range, alarm));
        }
        return reset;
      } finally {
        await client.end();
      }
    }
    const committed = await committedOffsets(admin, config.prefix, station.group, topics);
    const alarms = (await log()).flatMap((range): [LogRange, Alarm, bigint][] => {
      const offset = committed.get(placeOf(range.topic, range.partition)) ?? -1n;
      const found = committedPosition(offset, range);
      return found instanceof Alarm ? [[range, found, offset]] : [];
    });
    for (const [range, , offset] of dryRun ? [] : alarms) {
      await admin.setOffsets({
        groupId: mendingGroup(config.prefix, station.group, range.topic, range.partition, offset),
        topic: config.prefix + range.topic,
        partitions: [{ partition: range.partition, offset: offsetOf(range).toString() }],
      });
    }
    return alarms.map(([range, alarm]) => told(range, alarm));
  });
}

/** An effect's, as its row has it */
export interface StoredPosition extends Place {
  readonly cluster: string;
  readonly next_offset: string;
}

async function alarmsOfEffect(
  client: pg.Client,
  group: string,
  cluster: string,
  log: () => Promise<LogRange[]>,
): Promise<[LogRange, Alarm, StoredPosition][]> {
  const { rows } = await client.query<StoredPosition>(
    'select topic, partition, cluster, next_offset from consumer_offset where consumer_group = $1',
    [group],
  );
  return (await log()).flatMap((range): [LogRange, Alarm, StoredPosition][] => {
    const stored = rows.find(({ topic, partition }) => topic === range.topic && partition === range.partition);
    // None yet: the service makes it.
    if (!stored) return [];
    const found = storedPosition(stored, cluster, range);
    return found instanceof Alarm ? [[range, found, stored]] : [];
  });
}

/** Where an effect goes on, by its row; an alarm when that is of another cluster, or outside of the log. */
export function storedPosition(
  { cluster, next_offset }: Pick<StoredPosition, 'cluster' | 'next_offset'>,
  current: string,
  range: LogRange,
): bigint | Alarm {
  const place = placeOf(range.topic, range.partition);
  return cluster === current
    ? withinLog(BigInt(next_offset), range)
    : new Alarm(`the position of ${place} is of the cluster ${cluster}, this one is ${current}`);
}

/** Where a hop goes on, by what its group has committed (-1: nothing); an alarm when that is outside of the log. */
export function committedPosition(offset: bigint, range: LogRange): bigint | Alarm {
  if (offset === -1n) return range.low;
  // What kafkajs commits when it resets an offset by itself.
  if (offset < 0n) {
    const place = placeOf(range.topic, range.partition);
    return new Alarm(`the position of ${place} was reset when it lay outside of the log`);
  }
  return withinLog(offset, range);
}

/** What a group has committed, by `topic/partition`. */
export async function committedOffsets(
  admin: Admin,
  prefix: string,
  group: string,
  topics: readonly string[],
): Promise<Map<string, bigint>> {
  const given = await admin.fetchOffsets({
    groupId: prefix + group,
    topics: topics.map((topic) => prefix + topic),
  });
  return new Map(
    given.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [placeOf(topic.slice(prefix.length), partition), BigInt(offset)]),
    ),
  );
}

/**
 * Kafka lets nobody but its members commit for a group that has some. A position that a person took anew stands in a group of its own,
 * named by the one that it stands for, until the owner has found it.
 */
export const mendingGroup = (
  prefix: string,
  group: string,
  topic: string,
  partition: number,
  insteadOf: bigint,
): string => `${prefix}${group}.mended.${topic}.${partition}.${insteadOf}`;
