import { fileURLToPath } from 'node:url';
import { javaModule, type JavaModule } from '@closeloop/embedded';

const folder = fileURLToPath(new URL('../../baselines/kafka-streams/', import.meta.url));
let module: Promise<JavaModule> | undefined;

/**
 * What one of the two middle hops is run by, as a Kafka Streams application; built where it is not yet. Its environment is that of every
 * baseline, with PROCESSING_GUARANTEE (exactly_once_v2 by default, or at_least_once) and STATE_DIR.
 * @returns what it cannot be built or run without, where something is missing
 * @throws with Maven's last lines where the build fails
 */
export async function kafkaStreamsCommand(
  part: 'sentiment' | 'routing',
): Promise<{ command: string; words: string[] } | { missing: string }> {
  const built = await (module ??= javaModule(folder));
  if ('missing' in built) return built;
  return { command: built.java, words: ['-Xmx512m', '-cp', built.classPath, 'io.closeloop.bench.Hop', part] };
}
