import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { MailConfig } from './mail.config.js';

/** A mail as it is handed over to the server. */
export interface Mail {
  /** `<…@…>`; derived, so that who gets a mail twice can tell */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a mail was not taken. `isFinal`: the server will never take it (5xx for this recipient or content). */
export class MailRefused extends Error {
  constructor(
    message: string,
    readonly isFinal: boolean,
  ) {
    super(message);
  }
}

/** How long a server may be silent, milliseconds. */
const silenceMs = 10_000;

/** Hands mail to the SMTP server of SMTP_URL, over one kept connection. */
@Injectable()
export class MailClient implements OnModuleDestroy {
  readonly #transport: Transporter | undefined;

  constructor(private readonly config: MailConfig) {
    if (config.smtpUrl === undefined) return;
    const url = new URL(config.smtpUrl);
    this.#transport = createTransport({
      host: url.hostname,
      port: Number(url.port || (url.protocol === 'smtps:' ? 465 : 587)),
      secure: url.protocol === 'smtps:',
      ...(url.username !== '' && {
        auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
      }),
      pool: true,
      maxConnections: 1,
      connectionTimeout: silenceMs,
      greetingTimeout: silenceMs,
      socketTimeout: silenceMs,
      // what a mail holds is ours alone: no file and no address is to be read for it
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** Whether there is a server to hand mail to. */
  get isOn(): boolean {
    return this.#transport !== undefined;
  }

  /**
   * Resolves once the server has taken the mail; it may have taken it, too, where this rejects.
   * @throws MailRefused
   */
  async send({ messageId, to, subject, text, html, headers }: Mail): Promise<void> {
    if (!this.#transport) throw new MailRefused('SMTP_URL is not set', false);
    try {
      await this.#transport.sendMail({
        ...{ from: this.config.from, messageId, subject, text, to },
        ...(html !== undefined && { html }),
        headers: { 'auto-submitted': 'auto-generated', ...headers },
      });
    } catch (error) {
      const { responseCode, command } = error as { responseCode?: number; command?: string };
      // a 5xx at sign-in is the operator's to mend, not the recipient's
      const isFinal =
        responseCode !== undefined && responseCode >= 500 && /^(RCPT TO|DATA|MAIL FROM|API)$/.test(command ?? '');
      throw new MailRefused(error instanceof Error ? error.message : String(error), isFinal);
    }
  }

  onModuleDestroy(): void {
    this.#transport?.close();
  }
}
