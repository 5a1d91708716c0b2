import { startPlatform } from '@closeloop/cli';
import { type ServiceName } from '@closeloop/contracts';
import { databaseUrlOf } from '@closeloop/platform';
import pg from 'pg';
import { type aloneNames, type BenchArguments } from './arguments.js';
import { archiveLines, measureArchive } from './archive.js';
import { measureDeadlines } from './deadlines.js';
import { footprintLines, measureFootprint } from './footprint.js';
import { idleLines, measureIdle } from './idle.js';
import { measureInsights } from './insights.js';

/** Services whose databases grow with what is said */
const databaseOwners = ['ingestion', 'learning', 'routing', 'loop', 'insights'] as const;

/** What is measured of the shipped services with nothing beside them. @returns figures by name */
export async function measureAlone(
  names: readonly (typeof aloneNames)[number][],
  { loops, seconds, feedback, events }: BenchArguments,
  run: {
    readonly folder: string;
    /** What customers wrote */
    readonly texts: readonly string[];
    readonly say: (line: string) => void;
    readonly print: (text: string) => void;
    readonly stopping: AbortController;
  },
): Promise<Record<string, unknown>> {
  const { folder, texts, say, print, stopping } = run;
  const stopped = new Promise<never>((_resolve, reject) =>
    stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason as Error), { once: true }),
  );
  // who waits for it hears of it; that nobody does yet is no fault
  stopped.catch(() => undefined);
  const platform = await startPlatform({ dataDir: folder, ports: 'free', say, signal: stopping.signal });
  const withDatabases = async <T>(
    services: readonly ServiceName[],
    measure: (databases: Readonly<Record<string, pg.Client>>) => Promise<T>,
  ): Promise<T> => {
    const databases = services.map((service) => {
      const database = new pg.Client({ connectionString: databaseUrlOf(service, platform.env) });
      // who stops it ends Postgres under a statement: that is told by the stop
      database.on('error', () => undefined);
      return [service, database] as const;
    });
    await Promise.all(databases.map(([, database]) => database.connect()));
    const figures = await Promise.race([measure(Object.fromEntries(databases)), stopped]);
    await Promise.all(databases.map(([, database]) => database.end()));
    return figures;
  };
  const withDatabase = <T>(service: ServiceName, measure: (database: pg.Client) => Promise<T>): Promise<T> =>
    withDatabases([service], (databases) => measure(databases[service]!));
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const lines: string[] = [];
  const results: Record<string, unknown> = {};
  try {
    if (names.includes('idle')) {
      const idle = await Promise.race([measureIdle(platform.pids as Record<string, number>, say), stopped]);
      lines.push(...idleLines(idle));
      results['idle'] = idle;
    }
    if (names.includes('deadlines')) {
      const deadlines = await withDatabase('loop', (database) => measureDeadlines(database, loops, seconds, say));
      const { dueScanMs, nextMs, late } = deadlines;
      lines.push(
        `open loops             ${deadlines.loops}`,
        `look for what is due   ${ms(dueScanMs.p50)}, at most ${ms(dueScanMs.max)}`,
        `look for the next      ${ms(nextMs.p50)}, at most ${ms(nextMs.max)}`,
        `met                    ${late.met} (${deadlines.early} early, ${deadlines.twice} twice, ${deadlines.unmet} not)`,
        `late                   p50 ${ms(late.p50)}, p99 ${ms(late.p99)}, at most ${ms(late.max)}`,
      );
      results['deadlines'] = deadlines;
    }
    if (names.includes('insights')) {
      const insights = await withDatabase('insights', (database) =>
        measureInsights(database, platform, { feedback, events }, say),
      );
      lines.push(
        `feedback counted       ${insights.feedback}, and ${insights.loops} loops; ${insights.counts} counts, ${insights.megabytes} MB in all`,
        `days judged            ${insights.judged.days} for emerging issues, in ${insights.judged.seconds.toFixed(0)} s`,
        ...insights.queries.map(
          ({ name, p50, max, rows }) => `${name.padEnd(52)} p50 ${ms(p50)}, at most ${ms(max)} (${rows} numbers)`,
        ),
        `counts beside          ${insights.events} events in ${insights.seconds.toFixed(1)} s: ${Math.round(insights.events / insights.seconds)} a second`,
      );
      results['insights'] = insights;
    }
    if (names.includes('footprint')) {
      const footprint = await withDatabases(databaseOwners, (databases) =>
        measureFootprint(databases, platform, folder, { feedback, texts }, say),
      );
      lines.push(...footprintLines(footprint));
      results['footprint'] = footprint;
    }
    if (names.includes('archive')) {
      const archive = await withDatabase('loop', (database) =>
        withDatabase('loop', (holder) => measureArchive(database, holder, loops, texts, say)),
      );
      lines.push(...archiveLines(archive));
      results['archive'] = archive;
    }
    print(`${lines.join('\n')}\n`);
    return results;
  } finally {
    await platform.stop({ removeData: true });
  }
}
