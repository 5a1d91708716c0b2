import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { replyRequested, type ReplyRequested } from '@closeloop/contracts';
import { assertPublicAddress, describeError, ForbiddenAddress, pinnedLookup } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { verdictOf, type Sending } from '../domain/reply.js';
import { ReplyWebhooks } from '../domain/reply-webhooks.js';
import { signatureOf } from '../domain/webhook-signature.js';
import { RepliesConfig } from '../replies.config.js';

/** For the whole of a request, its answer included; shorter than the claim on a reply. */
const timeoutMs = 15_000;
/** More of an answer is not read. */
const maxAnswerBytes = 16 * 1024;

/** Hands replies over by Standard Webhooks: `webhook-id` is the id of the reply, the same at every try. */
@Injectable()
export class ReplyWebhookClient extends ReplyWebhooks {
  constructor(private readonly config: RepliesConfig) {
    super();
  }

  override async assertAllowed(url: string): Promise<void> {
    if (!this.config.replyPrivateAddresses) await assertPublicAddress(new URL(url));
  }

  override async send(
    { url, keys }: { readonly url: string; readonly keys: readonly Uint8Array[] },
    reply: ReplyRequested,
    stopping: AbortSignal,
  ): Promise<Sending> {
    const body = JSON.stringify({ type: replyRequested.topic, timestamp: reply.at, data: reply });
    const id = reply.replyId;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signatures = keys.map((key) => signatureOf({ id, timestamp, body: Buffer.from(body) }, key));
    try {
      await this.assertAllowed(url);
      const signed = {
        'content-type': 'application/json',
        'user-agent': 'closeloop',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatures.join(' '),
      };
      return await this.post(new URL(url), body, signed, stopping);
    } catch (error) {
      // what a name resolves to may be mended; the same reply is tried again until its time is over
      const forbidden = error instanceof ForbiddenAddress ? 'The address is not allowed: ' : '';
      return { kind: 'again', message: `${forbidden}${describeError(error)}` };
    }
  }

  private post(url: URL, body: string, headers: Record<string, string>, stopping: AbortSignal): Promise<Sending> {
    const bytes = Buffer.from(body);
    return new Promise((resolve, reject) => {
      const late = AbortSignal.timeout(timeoutMs);
      const signal = AbortSignal.any([late, stopping]);
      const ask = url.protocol === 'https:' ? requestHttps : requestHttp;
      const outgoing = ask(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'content-length': String(bytes.length) },
          signal,
          // a connection that idles would outlive the look at the address
          agent: false,
          ...(!this.config.replyPrivateAddresses && { lookup: pinnedLookup }),
        },
        (answer) => {
          answered(answer).then(resolve, reject);
        },
      );
      outgoing.on('error', (error) =>
        reject(late.aborted ? new Error(`no whole answer within ${timeoutMs / 1000} s`) : error),
      );
      outgoing.end(bytes);
    });
  }
}

/** What the other side says of the reply. Redirects are not followed: where to is for whoever set the address. */
async function answered(answer: IncomingMessage): Promise<Sending> {
  const status = answer.statusCode ?? 0;
  const verdict = verdictOf(status);
  if (verdict !== 'sent') {
    answer.destroy();
    const message = `The webhook answered ${status}.`;
    const afterMs = 1000 * Number(/^\d{1,6}$/.exec(answer.headers['retry-after'] ?? '')?.[0] ?? 0);
    return verdict === 'refused'
      ? { kind: 'failed', reason: 'refused', message }
      : { kind: 'again', message, ...(afterMs > 0 && { afterMs }) };
  }
  const externalId = await readExternalId(answer);
  return { kind: 'sent', ...(externalId !== undefined && { externalId }) };
}

/** `externalId` of a JSON answer, where there is one; nothing that goes wrong here takes back that it was taken. */
async function readExternalId(answer: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer) {
      size += (part as Buffer).length;
      if (size > maxAnswerBytes) return undefined;
      parts.push(part as Buffer);
    }
    const { externalId } = JSON.parse(Buffer.concat(parts).toString()) as { externalId?: unknown };
    const isOne = typeof externalId === 'string' && externalId.length >= 1 && externalId.length <= 300;
    return isOne && externalId.isWellFormed() && !externalId.includes('\0') ? externalId : undefined;
  } catch {
    return undefined;
  } finally {
    answer.destroy();
  }
}
