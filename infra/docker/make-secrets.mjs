// Makes what is missing of a deployment's secrets, each in a file of its own; what is there stays.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
for (const [name, encoding] of [
  ['postgres-password', 'base64url'],
  ['webhook-secrets-key', 'base64'],
  ['audit-hash-key', 'base64url'],
  ['link-secret', 'base64'],
  ['console-session-secret', 'base64url'],
]) {
  try {
    // readable by all: the volume is mounted only where it is needed, under different users
    writeFileSync(join(folder, name), randomBytes(32).toString(encoding), { flag: 'wx', mode: 0o444 });
    console.log(`made ${name}`);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}
