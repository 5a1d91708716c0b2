/** What a payload holds: one feedback, or many with a result for each. */
export type WebhookPayload = { readonly one: unknown } | { readonly many: readonly unknown[] };

/**
 * The mapping `feedback-input.v1`: a payload is one feedback, an array of them, or `{events: [...]}`. The envelope that
 * Standard Webhooks recommends, `{type, timestamp, data}`, is taken off; what its data is, is read the same way.
 */
export function feedbackOf(payload: unknown): WebhookPayload {
  const content = isObject(payload) && typeof payload.type === 'string' && 'data' in payload ? payload.data : payload;
  if (Array.isArray(content)) return { many: content };
  if (isObject(content) && Array.isArray(content.events)) return { many: content.events };
  return { one: content };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
