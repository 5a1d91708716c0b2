import { teamInboxTopic } from '@closeloop/contracts';
import { TopicMaker } from '@closeloop/messaging';
import { describeError } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { InboxTopics, InboxUnavailableError } from '../domain/inbox-topics.js';

@Injectable()
export class InboxTopicsClient extends InboxTopics {
  constructor(private readonly topics: TopicMaker) {
    super();
  }

  override async make(teams: readonly string[]): Promise<void> {
    try {
      await this.topics.make(teams.map(teamInboxTopic));
    } catch (error) {
      throw new InboxUnavailableError(`Kafka did not make the topic: ${describeError(error)}`, { cause: error });
    }
  }
}
