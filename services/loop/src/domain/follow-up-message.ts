import { filled, textsOf } from './follow-up-language.js';
import { highestScore, messageIdOf, type Question } from './follow-up.js';

/** What a customer is to be asked, and where the answer goes. */
export interface Asking {
  readonly followUpId: string;
  readonly question: Question;
  readonly language: string | undefined;
  /** Address of the page, without a score */
  readonly link: string;
  /** Until when the page takes an answer */
  readonly expiresAt: Date;
  /** Who asks, by name */
  readonly from?: string;
}

/** A mail without its addressee. */
export interface FollowUpMail {
  /** `<…@…>`; the same for each try */
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The scores of a question, lowest first. */
export const scoresOf = (question: Question): readonly number[] =>
  Array.from({ length: highestScore(question) }, (_each, index) => index + 1);

/** The question as a connector says it: one text with the link. */
export function messageOf({ question, language, link, expiresAt, from }: Asking): string {
  const texts = textsOf(language);
  const { mail, questions } = texts;
  return [
    mail.opening,
    '',
    questions[question].question,
    link,
    '',
    filled(mail.closing, { date: dateOf(expiresAt, texts.language) }),
    ...(from === undefined ? [] : ['', from]),
  ].join('\n');
}

/** The question as a mail: a link for each score, which opens the page with it chosen and records nothing by itself. */
export function mailOf({ followUpId, question, language, link, expiresAt, from }: Asking): FollowUpMail {
  const texts = textsOf(language);
  const { mail, questions } = texts;
  const { question: asked, lowest, highest } = questions[question];
  const scores = scoresOf(question);
  const meaning = (score: number): string => (score === 1 ? lowest : score === scores.length ? highest : '');
  const closing = filled(mail.closing, { date: dateOf(expiresAt, texts.language) });
  const at = (score: number): string => `${link}?score=${score}`;
  const text = [
    mail.opening,
    '',
    asked,
    mail.invitation,
    '',
    ...scores.map((score) => `${score}${meaning(score) && ` (${meaning(score)})`}: ${at(score)}`),
    '',
    closing,
    ...(from === undefined ? [] : ['', from]),
  ].join('\n');
  const button =
    'display:inline-block;min-width:1.5em;padding:.6em;margin:.15em;border:1px solid #1d5fa8;color:#1d5fa8;text-align:center;text-decoration:none';
  const paragraph = (content: string): string => `<p>${escapeHtml(content)}</p>`;
  const html = [
    `<!doctype html><html lang="${texts.language}" dir="${texts.direction}"><head><meta charset="utf-8">`,
    `<title>${escapeHtml(mail.subject)}</title></head>`,
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a">',
    paragraph(mail.opening),
    `<p><strong>${escapeHtml(asked)}</strong><br>${escapeHtml(mail.invitation)}</p><p>`,
    ...scores.map((score) => `<a style="${button}" href="${escapeHtml(at(score))}">${score}</a>`),
    `</p><p>1 = ${escapeHtml(lowest)}, ${scores.length} = ${escapeHtml(highest)}</p>`,
    paragraph(closing),
    ...(from === undefined ? [] : [paragraph(from)]),
    '</body></html>',
  ].join('\n');
  return { messageId: messageIdOf(followUpId), subject: mail.subject, text, html };
}

/** The day on which the link ends (UTC), as the language writes it. */
const dateOf = (moment: Date, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(moment);
