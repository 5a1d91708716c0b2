import { createReadStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ReplyRequested } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ReplyFiles } from '../domain/reply-files.js';
import { RepliesConfig } from '../replies.config.js';

/** NDJSON, one file a source. One replica at a time writes to a file, and what it wrote is on the disk before it says so. */
@Injectable()
export class ReplyFileClient extends ReplyFiles {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RepliesConfig,
  ) {
    super();
  }

  override get isOn(): boolean {
    return this.config.repliesDir !== undefined;
  }

  /** What a source may be called is safe as the name of a file; it never begins with a dot. */
  override nameOf(source: string): string {
    return `${source}.ndjson`;
  }

  override async append(reply: ReplyRequested, maybeThere: boolean): Promise<void> {
    const folder = this.config.repliesDir!;
    const path = join(folder, this.nameOf(reply.source));
    await this.dataSource.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`reply-file:${reply.source}`]);
      await mkdir(folder, { recursive: true });
      const file = await open(path, 'a+', 0o600);
      try {
        if (maybeThere && (await holds(path, reply.replyId))) return;
        // what a crash has torn off stays a line of its own, which is no JSON
        const start = (await endsTorn(file)) ? '\n' : '';
        await file.appendFile(`${start}${JSON.stringify(reply)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await syncFolder(folder);
    });
  }
}

async function endsTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

/** Whether a whole line is that reply. */
async function holds(path: string, replyId: string): Promise<boolean> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      if (!line.includes(replyId)) continue;
      try {
        if ((JSON.parse(line) as { replyId?: unknown }).replyId === replyId) return true;
      } catch {
        // torn off
      }
    }
    return false;
  } finally {
    lines.close();
  }
}

/** That the file is there at all must outlast a power failure, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
