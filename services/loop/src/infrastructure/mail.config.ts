import { FromEnv } from '@closeloop/platform';
import { IsEmail, IsOptional, IsUrl } from 'class-validator';

/** Set by SMTP_URL and MAIL_FROM; without SMTP_URL no mail leaves. */
export class MailConfig {
  /** `smtp://user:password@host:port`, or `smtps://…` for TLS from the first byte; else STARTTLS where the server has it */
  @FromEnv('SMTP_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['smtp', 'smtps'] })
  smtpUrl?: string;

  /** Whom mail comes from: `support@example.com` or `Example <support@example.com>` */
  @FromEnv('MAIL_FROM')
  @IsEmail({ allow_display_name: true, require_tld: false })
  from: string = 'Closeloop <closeloop@localhost.localdomain>';
}
