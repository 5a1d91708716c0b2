import { textsOf } from './follow-up-language.js';
import { escapeHtml, type FollowUpMail } from './follow-up-message.js';
import { noticeMessageIdOf } from './notice.js';

/** What a customer is to be told of an improvement. */
export interface NoticeWords {
  readonly noticeId: string;
  /** In the words of who improved it */
  readonly text: string;
  /** BCP 47 of what stands around it; it itself is in the language that it was written in */
  readonly language: string | undefined;
  /** Who tells it, by name */
  readonly from?: string;
}

/** As a connector says it. */
export function noticeTextOf({ text, language, from }: NoticeWords): string {
  const { notice } = textsOf(language);
  return [notice.opening, '', text.trim(), ...(from === undefined ? [] : ['', from])].join('\n');
}

/** As a mail. */
export function noticeMailOf(words: NoticeWords): FollowUpMail {
  const { notice, language, direction } = textsOf(words.language);
  const paragraphs = [
    notice.opening,
    ...words.text.trim().split(/\n{2,}/),
    ...(words.from === undefined ? [] : [words.from]),
  ];
  const html = [
    `<!doctype html><html lang="${language}" dir="${direction}"><head><meta charset="utf-8">`,
    `<title>${escapeHtml(notice.subject)}</title></head>`,
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a">',
    ...paragraphs.map((paragraph) => `<p dir="auto">${escapeHtml(paragraph).replaceAll('\n', '<br>')}</p>`),
    '</body></html>',
  ].join('\n');
  return { messageId: noticeMessageIdOf(words.noticeId), subject: notice.subject, text: noticeTextOf(words), html };
}
