import { IsOptional, IsUUID } from 'class-validator';

/** A page of the histories of all loops, for the rebuild of a read model. */
export class HistoryRequest {
  /** The rebuild, which what is sent again names */
  @IsUUID() rebuild!: string;
  /** `next` of the answer before */
  @IsOptional() @IsUUID() after?: string;
}
