import { teamPattern, sourcePattern, channels, type Channel } from '@closeloop/contracts';
import { FromEnv } from '@closeloop/platform';
import {
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  Validate,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { questions, ways, type Contact, type Question, type Way } from './domain/follow-up.js';
import { isZone, quietHoursOf, type QuietHours } from './domain/quiet-hours.js';

/** `name=value`, or a value for all that is not named. */
const entryOf = (text: string): { name?: string; value: string } => {
  const at = text.indexOf('=');
  return at < 0 ? { value: text } : { name: text.slice(0, at), value: text.slice(at + 1) };
};

@ValidatorConstraint({ name: 'questions' })
class AreQuestions implements ValidatorConstraintInterface {
  validate(entries: unknown): boolean {
    return (entries as string[]).every((entry) => {
      const { name, value } = entryOf(entry);
      return (name === undefined || teamPattern.test(name)) && ['off', ...questions].includes(value);
    });
  }
  defaultMessage(): string {
    return `must be ${questions.join(', ')} or off, for single teams team=… , by commas`;
  }
}

@ValidatorConstraint({ name: 'ways' })
class AreWays implements ValidatorConstraintInterface {
  validate(entries: unknown): boolean {
    return (entries as string[]).every((entry) => {
      const { name, value } = entryOf(entry);
      const source = name?.startsWith('source:') ? name.slice('source:'.length) : undefined;
      const isNamed =
        source === undefined ? name === undefined || channels.includes(name as Channel) : sourcePattern.test(source);
      return isNamed && (value === 'none' || value.split('+').every((way) => ways.includes(way as Way)));
    });
  }
  defaultMessage(): string {
    return `must be ${ways.join(', ')}, ${ways.join('+')} or none, for single channels channel=… or sources source:name=…, by commas`;
  }
}

@ValidatorConstraint({ name: 'quietHours' })
class AreQuietHours implements ValidatorConstraintInterface {
  validate(text: unknown): boolean {
    return text === 'off' || quietHoursOf(String(text)) !== undefined;
  }
  defaultMessage(): string {
    return 'must be two different times of the day, such as 21:00-08:00, or off';
  }
}

@ValidatorConstraint({ name: 'zone' })
class IsZone implements ValidatorConstraintInterface {
  validate(text: unknown): boolean {
    return isZone(String(text));
  }
  defaultMessage(): string {
    return 'must be a time zone of the IANA, such as Europe/Berlin';
  }
}

/** What customers are asked once a loop is resolved, how, and how often. */
export class FollowUpConfig {
  /** The question for all teams, and those of single ones: `csat,billing=ces,press=off`. */
  @FromEnv('LOOP_FOLLOW_UP_QUESTION')
  @IsArray()
  @Validate(AreQuestions)
  questions: string[] = ['csat'];

  /**
   * How customers are reached, in order: `mail`, and single channels (`chat=connector+mail`) or sources (`source:shop=…`).
   * A connector may say it where everybody reads it, and everybody could answer then: so only where a channel is private.
   */
  @FromEnv('LOOP_FOLLOW_UP_WAYS')
  @IsArray()
  @Validate(AreWays)
  ways: string[] = [
    'mail',
    'email=mail+connector',
    'chat=mail+connector',
    'sms=mail+connector',
    'survey=mail+connector',
  ];

  /**
   * How customers are told of what was improved, in order, as LOOP_FOLLOW_UP_WAYS: where they spoke, else by mail. There is nothing to
   * answer in it, so that it may stand where everybody reads it.
   */
  @FromEnv('LOOP_NOTICE_WAYS')
  @IsArray()
  @Validate(AreWays)
  noticeWays: string[] = ['connector+mail', 'email=mail+connector', 'mystery-shop=none'];

  /** For how many days a customer whom nothing reaches, or whom the cap spares, is tried to be told. */
  @FromEnv('LOOP_NOTICE_DAYS') @IsInt() @Min(1) @Max(3650) noticeDays: number = 90;

  /** When nobody is disturbed, by the customer's clock; `off`: never. */
  @FromEnv('LOOP_QUIET_HOURS')
  @Validate(AreQuietHours)
  quietHours: string = '21:00-08:00';

  /** The zone of customers whose own is not known. */
  @FromEnv('LOOP_QUIET_ZONE')
  @Validate(IsZone)
  zone: string = 'UTC';

  /** Most follow-ups and notices to one customer within LOOP_FOLLOW_UP_CAP_DAYS; 0: no cap. */
  @FromEnv('LOOP_FOLLOW_UP_CAP') @IsInt() @Min(0) @Max(1000) cap: number = 1;

  @FromEnv('LOOP_FOLLOW_UP_CAP_DAYS') @IsInt() @Min(1) @Max(3650) capDays: number = 30;

  /** Where customers reach this service; its own address unless set. */
  @FromEnv('LOOP_PUBLIC_URL')
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  publicUrl?: string;

  /** Who asks, as customers know the name. */
  @FromEnv('LOOP_PUBLIC_NAME') @IsOptional() @IsString() @MaxLength(100) publicName?: string;

  /**
   * What links are signed with: 32 bytes in base64, several by commas. The first one signs, all of them are valid, so that
   * it can be replaced. Without one nobody is asked.
   */
  @FromEnv('LOOP_LINK_SECRET')
  @IsArray()
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { each: true, message: 'must be 32 bytes in base64, several by commas' })
  linkSecrets: string[] = [];

  /** How long a link works after the loop's window, seconds: a late answer still counts. */
  @FromEnv('LOOP_LINK_GRACE_SECONDS') @IsInt() @Min(0) @Max(31_536_000) linkGraceSeconds: number = 7 * 86_400;

  get secrets(): readonly Buffer[] {
    return this.linkSecrets.map((secret) => Buffer.from(secret, 'base64'));
  }

  get quiet(): QuietHours | undefined {
    return quietHoursOf(this.quietHours);
  }

  questionOf(team: string): Question | undefined {
    const value = find(this.questions, [team]) ?? 'csat';
    return value === 'off' ? undefined : (value as Question);
  }

  waysOf(contact: Pick<Contact, 'source' | 'channel'>): readonly Way[] {
    return waysIn(this.ways, contact);
  }

  noticeWaysOf(contact: Pick<Contact, 'source' | 'channel'>): readonly Way[] {
    return waysIn(this.noticeWays, contact);
  }
}

function waysIn(entries: readonly string[], { source, channel }: Pick<Contact, 'source' | 'channel'>): readonly Way[] {
  const value = find(entries, [`source:${source}`, channel]) ?? 'mail';
  return value === 'none' ? [] : (value.split('+') as Way[]);
}

/** The value for the first of these names that has one, else the one for all. */
function find(entries: readonly string[], names: readonly string[]): string | undefined {
  const parsed = entries.map(entryOf);
  return [...names, undefined]
    .map((name) => parsed.findLast((entry) => entry.name === name)?.value)
    .find((value) => value !== undefined);
}
