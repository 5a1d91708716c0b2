import { ApiProblem } from './problem.js';

/** What is wrong with each field that was sent, by its pointer (`/title`). */
export const fieldErrors = (error: unknown): Readonly<Record<string, string | undefined>> =>
  error instanceof ApiProblem ? Object.fromEntries(error.errors.map(({ pointer, message }) => [pointer, message])) : {};

/** What people are told: what the service says, and each field that is named. */
export function problemText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof ApiProblem)) return error.message;
  return [error.message, ...error.errors.map(({ message }) => message)].join(' ');
}
