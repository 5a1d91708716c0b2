import Sequencer from '@jest/test-sequencer';

const isSystem = ({ path }) => path.endsWith('.e2e.spec.ts');
const usesBackends = ({ path }) => path.endsWith('.int.spec.ts');
/** The longest of all: a system that is broken for minutes. Without times of an earlier run Jest goes by the size of files, and this is a short one. */
const isLongest = ({ path }) => /infra[\\/]faults[\\/]src[\\/]faults\.e2e\.spec\.ts$/.test(path);

/**
 * Specs that start the whole platform come apart from each other: two of them at once are more than two cores can carry in the times that the
 * services promise. Between them come those that mostly wait for Kafka and Postgres, and at last those that only compute.
 */
export default class SpreadSystems extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const systems = sorted.filter(isSystem).sort((one, other) => Number(isLongest(other)) - Number(isLongest(one)));
    const others = sorted.filter(usesBackends);
    const between = Math.floor(others.length / Math.max(1, systems.length));
    return [
      ...systems.flatMap((system) => [system, ...others.splice(0, between)]),
      ...others,
      ...sorted.filter((test) => !isSystem(test) && !usesBackends(test)),
    ];
  }
}
