/** A link that signs the person whom a token names in to a console, once. @throws with what the console says */
export async function signInLink(consoleUrl: string, token: string): Promise<string> {
  const response = await fetch(`${consoleUrl}/api/sign-in-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { path?: string; detail?: string };
  if (answer.path === undefined)
    throw new Error(`The console made no link (${response.status}): ${answer.detail ?? ''}`);
  return consoleUrl + answer.path;
}
