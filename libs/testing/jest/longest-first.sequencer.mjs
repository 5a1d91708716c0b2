import Sequencer from '@jest/test-sequencer';

/** Without times of an earlier run Jest goes by the size of files, and a system that is broken for minutes is a short file: it would come last, alone. */
const longest = /infra[\\/]faults[\\/]src[\\/]faults\.e2e\.spec\.ts$/;

export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => Number(longest.test(other.path)) - Number(longest.test(one.path)));
  }
}
