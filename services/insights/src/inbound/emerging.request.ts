import { IsString, MaxLength, MinLength } from 'class-validator';

export class DismissRequest {
  /** For who reads the audit log */
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
}
