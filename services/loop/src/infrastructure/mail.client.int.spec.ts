import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { MailClient } from './mail.client.js';
import { MailConfig } from './mail.config.js';

const taken: { to: string[]; content: string }[] = [];
let server: SMTPServer;
let client: MailClient;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, answer) => {
      if (address.startsWith('gone@')) answer(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
      else if (address.startsWith('full@')) answer(Object.assign(new Error('try later'), { responseCode: 452 }));
      else answer();
    },
    onData: (stream, { envelope }, answer) => {
      let content = '';
      stream.on('data', (chunk: Buffer) => (content += chunk.toString()));
      stream.on('end', () => {
        taken.push({ to: envelope.rcptTo.map(({ address }) => address), content });
        answer();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  client = new MailClient(Object.assign(new MailConfig(), { smtpUrl: `smtp://127.0.0.1:${port}` }));
});
afterAll(async () => {
  client.onModuleDestroy();
  await new Promise<void>((resolve) => server.close(resolve));
});

const mail = { messageId: '<a@closeloop>', subject: 'Grüße', text: 'Is it mended?' };

it('hands a mail over with its own Message-ID', async () => {
  expect(client.isOn).toBe(true);
  await client.send({ ...mail, to: 'ada@example.com' });
  expect(taken).toHaveLength(1);
  expect(taken[0]!.to).toEqual(['ada@example.com']);
  expect(taken[0]!.content).toMatch(/^Message-ID: <a@closeloop>\r?$/im);
  expect(taken[0]!.content).toMatch(/^Auto-Submitted: auto-generated\r?$/im);
});

it('tells what is refused for good from what may go later', async () => {
  await expect(client.send({ ...mail, to: 'gone@example.com' })).rejects.toMatchObject({
    isFinal: true,
  });
  await expect(client.send({ ...mail, to: 'full@example.com' })).rejects.toMatchObject({
    isFinal: false,
  });
  const away = new MailClient(Object.assign(new MailConfig(), { smtpUrl: 'smtp://127.0.0.1:9' }));
  await expect(away.send({ ...mail, to: 'ada@example.com' })).rejects.toMatchObject({ isFinal: false });
  const off = new MailClient(new MailConfig());
  expect(off.isOn).toBe(false);
  await expect(off.send({ ...mail, to: 'ada@example.com' })).rejects.toMatchObject({ isFinal: false });
});
