interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** kafkajs's batch of a partition */
export interface FetchedBatch {
  readonly messages: readonly unknown[];
  /** With what is not for a consumer, by which it goes on as well: control records, and what was aborted */
  readonly rawMessages: readonly unknown[];
  /** How many events are behind it in its partition */
  offsetLag(): string;
}

interface FetchRequest {
  /** Milliseconds */
  readonly maxWaitTime: number;
  readonly maxBytes: number;
}

export interface FetchingGroup {
  readonly cluster: object;
  readonly maxWaitTime: number;
  getNodeIds(): readonly string[];
  fetch(nodeId: string): Promise<readonly FetchedBatch[]>;
  filterPartitionsByNode(nodeId: string, partitions: readonly TopicPartitions[]): readonly TopicPartitions[];
  heartbeat(given: object): Promise<void>;
  commitOffsets(given: object): Promise<void>;
}

export interface FetchingCluster {
  findBroker(which: { readonly nodeId: string | number }): Promise<object>;
}

/** How long the second one rests at a time where all may have to end, and kafkajs has not told it yet; milliseconds */
const untilToldMs = 10;
/** So many events behind what a fetch brought are a backlog. */
const backlog = 500;

/** Which partitions a fetch is for */
export type Share = 'all' | 'first half' | 'second half';

/**
 * Two who fetch from one broker. The second one rests, and the first fetches from all partitions, until that leaves a backlog behind. Then
 * each has half of the partitions: while what one has brought is computed or written, the other's is fetched. As soon as one half has
 * nothing, the second one rests again.
 *
 * A partition is in one hand only: the halves begin when nothing of the whole is under way, and the whole when the second has nothing under way.
 */
export class Halves {
  #apart = false;
  #leftBacklog = false;
  #secondRests = true;
  #ending = false;
  readonly #waiting = new Set<() => void>();

  /** @param waitMs how long to wait for the second at most, milliseconds */
  async first(
    waitMs: number,
    fetch: (share: Share) => Promise<readonly FetchedBatch[]>,
  ): Promise<readonly FetchedBatch[]> {
    this.#ending = false;
    if (!this.#apart && !this.#secondRests) {
      await this.#change(waitMs);
      if (!this.#secondRests) return [];
    }
    if (this.#leftBacklog) {
      this.#leftBacklog = false;
      this.#apart = true;
      this.#lookAgain();
    }
    if (this.#apart) return this.#half(() => fetch('first half'));
    const batches = await fetch('all');
    const left = batches.reduce((sum, batch) => sum + Number(batch.offsetLag()), 0);
    this.#leftBacklog = batches.length > 1 && left >= backlog;
    return batches;
  }

  /** @param waitMs how long to rest before it looks again by itself, milliseconds */
  async second(
    waitMs: number,
    fetch: (share: Share) => Promise<readonly FetchedBatch[]>,
  ): Promise<readonly FetchedBatch[]> {
    if (!this.#apart) {
      this.#secondRests = true;
      this.#lookAgain();
      await this.#change(this.#ending ? untilToldMs : waitMs);
      if (!this.#apart) return [];
    }
    this.#secondRests = false;
    return this.#half(() => fetch('second half'));
  }

  /** After an error all may have to end, and kafkajs waits for both: nobody rests, until the first one fetches again after all. */
  end(): void {
    this.#ending = true;
    this.#lookAgain();
  }

  #lookAgain(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }

  async #half(fetch: () => Promise<readonly FetchedBatch[]>): Promise<readonly FetchedBatch[]> {
    const batches = await fetch();
    if (!batches.some(({ messages }) => messages.length > 0)) this.#apart = false;
    return batches;
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        resolve();
      }, waitMs);
      const look = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}

/** Of each consumer's cluster, by broker */
const halvesOf = new WeakMap<object, Map<string, Halves>>();

/** The consumer on this cluster (of kafkajs's, as its assigners get it) fetches by halves behind a backlog. */
export function fetchByHalves(cluster: object): void {
  if (!halvesOf.has(cluster)) halvesOf.set(cluster, new Map());
}

// kafkajs has one who fetches for each broker that it is told of, and keeps them apart by what it takes for the broker's id.
const marks = { 'first half': '/1', 'second half': '/2' } as const;
const brokerOf = (nodeId: string): string => nodeId.replace(/\/[12]$/, '');

/**
 * kafkajs asks a broker for the next events when all that it brought before is done: while a delivery waits for its database or for Kafka
 * nothing is computed, and while it is computed nothing is fetched.
 */
export function guardFetches(group: FetchingGroup, cluster: FetchingCluster): void {
  /* eslint-disable @typescript-eslint/unbound-method -- called with their own this below */
  const { getNodeIds, fetch, filterPartitionsByNode, heartbeat, commitOffsets } = group;
  const { findBroker } = cluster;
  /* eslint-enable @typescript-eslint/unbound-method */
  group.getNodeIds = function () {
    const ids = getNodeIds.call(this);
    return halvesOf.has(this.cluster) ? ids.flatMap((id) => [id, id + marks['second half']]) : ids;
  };
  group.fetch = async function (nodeId) {
    const batches = await tellingOfErrors(this, fetchShare(this, nodeId));
    // A broker answers for each partition that was asked for, and most have nothing: each would be a task and a heartbeat all the same.
    return batches.filter(({ rawMessages }) => rawMessages.length > 0);
  };
  const fetchShare = (own: FetchingGroup, nodeId: string): Promise<readonly FetchedBatch[]> => {
    const nodes = halvesOf.get(own.cluster);
    if (!nodes) return fetch.call(own, nodeId);
    const node = brokerOf(nodeId);
    const halves = nodes.get(node) ?? new Halves();
    nodes.set(node, halves);
    const share = (share: Share) => fetch.call(own, share === 'all' ? node : node + marks[share]);
    return nodeId === node ? halves.first(own.maxWaitTime, share) : halves.second(own.maxWaitTime, share);
  };
  group.filterPartitionsByNode = function (nodeId, topics) {
    const all = filterPartitionsByNode.call(this, brokerOf(nodeId), topics);
    if (nodeId === brokerOf(nodeId)) return all;
    const own = nodeId.endsWith(marks['first half']) ? 0 : 1;
    let at = 0;
    return all.map(({ topic, partitions }) => ({ topic, partitions: partitions.filter(() => at++ % 2 === own) }));
  };
  cluster.findBroker = async function ({ nodeId }) {
    // a number where a leader, a coordinator or the controller is looked for
    if (typeof nodeId === 'number' || nodeId === brokerOf(nodeId)) return findBroker.call(this, { nodeId });
    const broker = (await findBroker.call(this, { nodeId: brokerOf(nodeId) })) as {
      fetch(request: FetchRequest): Promise<unknown>;
    };
    // Both go by one connection, on which a broker answers one after the other: nobody may wait there for what comes. And what both bring is
    // in memory at once.
    return {
      fetch: (request: FetchRequest) =>
        broker.fetch({ ...request, maxWaitTime: 0, maxBytes: Math.ceil(request.maxBytes / 2) }),
    };
  };
  // By these kafkajs learns that the group moves on, and waits until all who fetch have ended.
  group.heartbeat = function (given) {
    return tellingOfErrors(this, heartbeat.call(this, given));
  };
  group.commitOffsets = function (given) {
    return tellingOfErrors(this, commitOffsets.call(this, given));
  };
}

async function tellingOfErrors<T>({ cluster }: FetchingGroup, doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    for (const halves of halvesOf.get(cluster)?.values() ?? []) halves.end();
    throw error;
  }
}
