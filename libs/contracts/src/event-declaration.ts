/** A class whose properties carry class-validator decorators: the shape of an event's data. */
export type DataClass<T extends object> = new () => T;

/** One event, declared once: everything else about it is derived from this. */
export interface EventDeclaration<T extends object = object> {
  /** Kafka topic, and `ce_type` on the wire */
  readonly topic: string;
  readonly description: string;
  readonly data: DataClass<T>;
  /** Kafka key: what keeps its order */
  key(this: void, data: T): string;
}

export const declareEvent = <T extends object>(declaration: EventDeclaration<T>): EventDeclaration<T> =>
  Object.freeze(declaration);

/** Events of one shape that have a topic for each of many names: the names are data, and the topics are made with them. */
export interface EventFamily<T extends object = object> {
  /** Of its schema's file */
  readonly name: string;
  /** The topics, with the name in braces */
  readonly address: string;
  readonly parameter: { readonly name: string; readonly description: string };
  readonly description: string;
  readonly data: DataClass<T>;
  /** Whether a topic is one of them */
  has(this: void, topic: string): boolean;
}
