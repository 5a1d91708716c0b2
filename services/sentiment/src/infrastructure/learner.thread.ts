import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Learner, type Learned } from '../domain/own/learner.js';
import type { Lesson, RatedLesson } from '../domain/own/lesson.js';
import type { KeptModel } from '../domain/own/model-store.js';
import type { LearnResult, LearnTask } from './learn-task.js';
import { serviceFolder } from './shipped-files.js';

/** Of one thread: models are small, and what does not fit is told. */
const heapMegabytes = 512;

/** Learns in a thread of its own: nobody waits for it, and its memory is given back when it ends. */
export class LearnerThread extends Learner {
  constructor(
    override readonly base: string,
    private readonly topicPacks: readonly string[],
  ) {
    super();
  }

  override async learn(
    active: KeptModel | undefined,
    lessons: readonly Lesson[],
    rated: readonly RatedLesson[],
  ): Promise<Learned> {
    const task: LearnTask = { topicPacks: this.topicPacks, active, lessons, rated };
    const worker = new Worker(join(serviceFolder, 'dist', 'learn.worker.js'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    const { base, version, parts, trials, better } = await new Promise<LearnResult>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`The thread that learns ended with ${code} and said nothing`)));
    });
    const buffers = new Map([...parts].map(([name, bytes]) => [name, Buffer.from(bytes)]));
    return { model: { version, base, parts: buffers }, trials, better };
  }
}
