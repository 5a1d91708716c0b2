import { createHash } from 'node:crypto';
import { type FollowUpSeen } from '../application/answer-follow-up.handler.js';
import { filled, textsOf } from '../domain/follow-up-language.js';
import { escapeHtml, scoresOf } from '../domain/follow-up-message.js';
import { type FollowUpTexts } from '../domain/follow-up-texts/texts.js';
import { highestScore, type Question } from '../domain/follow-up.js';

/** A page for customers: plain HTML that needs nothing else. */
export interface Page {
  readonly status: number;
  readonly language: string;
  readonly html: string;
}

/** What the customer has entered so far. */
export interface Entered {
  readonly score?: number | undefined;
  readonly words?: string | undefined;
  readonly wrong?: 'score' | 'words';
}

/** Most characters (UTF-16 code units) of a customer's words. */
export const maxWords = 5_000;

const style = [
  'body{font:1.125rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:34rem;margin:0 auto;padding:1.5rem}',
  'h1{font-size:1.4rem}fieldset{border:0;margin:0;padding:0}legend{font-weight:600;padding:0}',
  '.scores{display:flex;flex-wrap:wrap;gap:.5rem;margin-block:1rem .5rem}',
  '.scores label{flex:1 1 3rem;border:1px solid #767676;border-radius:.4rem;padding:.7rem .4rem;text-align:center}',
  'input[type=radio]{inline-size:1.2rem;block-size:1.2rem;margin-inline-end:.4rem}',
  '.ends{display:flex;justify-content:space-between;gap:1rem;font-size:1rem;margin:0 0 1.5rem}',
  'textarea{display:block;box-sizing:border-box;inline-size:100%;font:inherit;padding:.5rem;margin-block:.3rem 1.2rem}',
  'button{font:inherit;background:#1d5fa8;color:#fff;border:0;border-radius:.4rem;padding:.8rem 1.4rem}',
  'button:focus-visible,input:focus-visible,textarea:focus-visible{outline:3px solid #f0a020;outline-offset:2px}',
  '.wrong{border-inline-start:.3rem solid #b00020;padding-inline-start:.7rem}',
  '@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}button{background:#8ab8f0;color:#111}}',
].join('');

/** Nothing is loaded, no script runs, nobody frames it, and it is sent nowhere but back. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of each of these pages: a link is a secret, and the page is one customer's. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The page of what a link leads to. */
export function pageOf(seen: FollowUpSeen, entered: Entered = {}, brand?: string): Page {
  switch (seen.kind) {
    case 'unknown': {
      const { page } = textsOf(undefined);
      return notice(404, textsOf(undefined), page.unknownTitle, [page.unknown], brand);
    }
    case 'expired': {
      const texts = textsOf(seen.language);
      return notice(410, texts, texts.page.expiredTitle, [texts.page.expired], brand);
    }
    case 'open':
      return askingPage(textsOf(seen.language), seen.question, entered, brand);
    case 'answered':
      return answeredPage(textsOf(seen.language), seen, entered, brand);
  }
}

/** The page of something that went wrong, whatever it was. */
export function failedPage(status: number, brand?: string): Page {
  const texts = textsOf(undefined);
  return notice(
    status,
    texts,
    texts.page.failedTitle,
    status >= 500 ? [texts.page.failed] : [texts.page.wordsTooLong],
    brand,
  );
}

function askingPage(texts: FollowUpTexts, question: Question, entered: Entered, brand?: string): Page {
  const { page, questions } = texts;
  const { question: asked, lowest, highest } = questions[question];
  const score = (value: number): string => {
    const label = escapeHtml(filled(page.scoreLabel, { score: value, highest: highestScore(question) }));
    const checked = value === entered.score ? ' checked' : '';
    return `<label><input type="radio" name="score" value="${value}" required aria-label="${label}"${checked}>${value}</label>`;
  };
  return rendered(entered.wrong ? 400 : 200, texts, page.title, brand, [
    wrongOf(texts, entered),
    '<form method="post">',
    `<fieldset><legend><h1>${escapeHtml(asked)}</h1></legend>`,
    `<div class="scores">${scoresOf(question).map(score).join('')}</div>`,
    `<p class="ends"><span>1: ${escapeHtml(lowest)}</span><span>${highestScore(question)}: ${escapeHtml(highest)}</span></p>`,
    '</fieldset>',
    wordsField(page.wordsLabel, entered.words),
    `<button type="submit">${escapeHtml(page.send)}</button>`,
    '</form>',
  ]);
}

function answeredPage(
  texts: FollowUpTexts,
  seen: Extract<FollowUpSeen, { kind: 'answered' }>,
  entered: Entered,
  brand?: string,
): Page {
  const { page } = texts;
  const { score, question, outcome, hasWords, isOpen } = seen;
  const said = [
    filled(page.youAnswered, { score, highest: highestScore(question) }),
    page[outcome],
    ...(hasWords ? [page.wordsTaken] : []),
  ];
  const form = [
    '<form method="post">',
    wordsField(page.addWords, entered.words),
    `<button type="submit">${escapeHtml(page.sendWords)}</button>`,
    '</form>',
  ];
  return rendered(entered.wrong ? 400 : 200, texts, page.title, brand, [
    wrongOf(texts, entered),
    `<h1>${escapeHtml(page.thanks)}</h1>`,
    ...said.map((text) => `<p>${escapeHtml(text)}</p>`),
    ...(isOpen && !hasWords ? form : []),
  ]);
}

const notice = (status: number, texts: FollowUpTexts, title: string, lines: readonly string[], brand?: string): Page =>
  rendered(status, texts, title, brand, [
    `<h1>${escapeHtml(title)}</h1>`,
    ...lines.map((line) => `<p>${escapeHtml(line)}</p>`),
  ]);

const wrongOf = ({ page }: FollowUpTexts, { wrong }: Entered): string =>
  wrong
    ? `<p class="wrong" role="alert">${escapeHtml(wrong === 'score' ? page.scoreMissing : page.wordsTooLong)}</p>`
    : '';

// a line break after the tag is not part of the text: one of the customer's own would be lost without it
const wordsField = (label: string, words = ''): string =>
  `<label for="words">${escapeHtml(label)}</label>` +
  `<textarea id="words" name="words" rows="4" maxlength="${maxWords}">\n${escapeHtml(words)}</textarea>`;

function rendered(
  status: number,
  { language, direction }: FollowUpTexts,
  title: string,
  brand: string | undefined,
  body: readonly string[],
): Page {
  const html = [
    '<!doctype html>',
    `<html lang="${language}" dir="${direction}">`,
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="robots" content="noindex, nofollow">',
    `<title>${escapeHtml(brand === undefined ? title : `${title} – ${brand}`)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    ...(brand === undefined ? [] : [`<p>${escapeHtml(brand)}</p>`]),
    '<main>',
    ...body.filter((line) => line !== ''),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
  return { status, language, html };
}
