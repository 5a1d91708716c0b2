import { Courier, type UrlRefusal } from '../domain/courier.js';
import { mailOf, signaturesOf, slackBody, webhookBody, type Answer } from '../domain/delivery.js';
import { type Receiver } from '../domain/delivery-store.js';
import { type Told } from '../domain/told-insight.js';
import { MailRefused, type MailClient } from './mail.client.js';
import { type ReceiverClient } from './receiver.client.js';

export class CourierClient extends Courier {
  constructor(
    private readonly client: ReceiverClient,
    private readonly mail: MailClient,
  ) {
    super();
  }

  override get sendsMail(): boolean {
    return this.mail.isOn;
  }

  override refusalOf(url: string): Promise<UrlRefusal | undefined> {
    return this.client.refusalOf(url);
  }

  override async send(receiver: Receiver, id: string, told: readonly Told[], stopping: AbortSignal): Promise<Answer> {
    const { kind, team, url, keys } = receiver;
    if (kind === 'email') return this.#sendMail(receiver, id, told);
    if (url === undefined || (kind === 'webhook' && keys.length === 0)) {
      return { kind: 'failed', error: 'its secret cannot be read: see WEBHOOK_SECRETS_KEY', milliseconds: 0 };
    }
    if (kind === 'slack') return this.client.post(url, slackBody(told[0]!, team), {}, stopping);
    const body = webhookBody(told[0]!);
    const timestamp = Math.floor(Date.now() / 1000);
    return this.client.post(
      url,
      body,
      {
        'user-agent': 'closeloop',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signaturesOf(id, timestamp, body, keys),
      },
      stopping,
    );
  }

  async #sendMail({ addresses, team }: Receiver, id: string, told: readonly Told[]): Promise<Answer> {
    const started = performance.now();
    const milliseconds = (): number => Math.round(performance.now() - started);
    try {
      await this.mail.send({ messageId: `<${id}@closeloop>`, to: addresses.join(', '), ...mailOf(told, team) });
      return { kind: 'taken', milliseconds: milliseconds() };
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error;
      return { kind: 'failed', error: codeOf(error), milliseconds: milliseconds() };
    }
  }
}

/** A server's own words may hold addresses: what is logged is its code. */
function codeOf({ message, isFinal }: MailRefused): string {
  const code = /\b[245]\d\d\b/.exec(message)?.[0];
  return `the mail was not taken${code === undefined ? '' : `: ${code}`}${isFinal ? ', for good' : ''}`;
}
