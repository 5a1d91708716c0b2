import { FromEnv } from '@closeloop/platform';
import {
  IsInt,
  IsOptional,
  Max,
  Min,
  Validate,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';

@ValidatorConstraint({ name: 'longerThanArchiving' })
class IsLongerThanArchiving implements ValidatorConstraintInterface {
  validate(days: unknown, { object }: ValidationArguments): boolean {
    const { afterDays } = object as ArchiveConfig;
    return afterDays > 0 && Number(days) > afterDays;
  }
  defaultMessage(): string {
    return 'must be more than LOOP_ARCHIVE_AFTER_DAYS, which must not be 0: what is not archived is not dropped';
  }
}

/** How long closed loops stay among those that are worked on, and how long they are kept. */
export class ArchiveConfig {
  /** Days from its closing until a loop is moved into the archive; 0: it never is. */
  @FromEnv('LOOP_ARCHIVE_AFTER_DAYS') @IsInt() @Min(0) @Max(3650) afterDays: number = 180;

  /** Days from the closing of a month's last loop until the month is dropped from the archive; kept for ever unless set. */
  @FromEnv('LOOP_ARCHIVE_RETENTION_DAYS')
  @IsOptional()
  @IsInt()
  @Max(36_500)
  @Validate(IsLongerThanArchiving)
  retentionDays?: number;
}
