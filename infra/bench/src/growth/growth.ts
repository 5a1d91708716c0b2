import { startStores } from '../rig/stores.js';
import { backlogLines, measureBacklog } from './backlog.js';
import { type RunOptions } from '../works/work.js';
import { measureOpenLoops, openLoopsLines } from './open-loops.js';
import { measureSpread, partitionSettings, replicaSettings, spreadLines } from './spread.js';

/** How the shipped services bear more of something; measured when it is asked for. */
export const growthNames = ['backlog', 'open-loops', 'partitions', 'replicas'] as const;
export type GrowthName = (typeof growthNames)[number];

/** @returns figures by name */
export async function measureGrowth(
  names: readonly GrowthName[],
  sizes: { readonly backlog: number; readonly loops: number },
  options: RunOptions & { readonly print: (text: string) => void },
): Promise<Record<string, unknown>> {
  const stores = await startStores(options.folder, options.say);
  const own = { ...options, stores };
  const results: Record<string, unknown> = {};
  const keep = <Figures>(name: GrowthName, figures: Figures, lines: readonly string[]): void => {
    results[name] = figures;
    options.print(`${lines.join('\n')}\n`);
  };
  try {
    for (const name of names) {
      if (name === 'backlog') {
        const figures = await measureBacklog(sizes.backlog, own);
        keep(name, figures, backlogLines(figures));
      } else if (name === 'open-loops') {
        const figures = await measureOpenLoops(sizes.loops, own);
        keep(name, figures, openLoopsLines(figures));
      } else {
        const figures = await measureSpread(name === 'partitions' ? partitionSettings : replicaSettings, own);
        keep(name, figures, spreadLines(figures));
      }
    }
    return results;
  } finally {
    await stores.stop();
  }
}
