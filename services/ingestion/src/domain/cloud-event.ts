/** What a CloudEvent says of itself, as far as it matters here. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly dataContentType: string | undefined;
  /** Undefined when there is none. */
  readonly data: unknown;
  /** Instead of `data`, base64 */
  readonly dataBase64: string | undefined;
}

export interface CloudEventViolation {
  readonly pointer: string;
  readonly rule: string;
  readonly message: string;
}

const required = ['specversion', 'id', 'source', 'type'] as const;

/** Longest id or source that is taken, in characters. */
const maxAttribute = 1000;

/**
 * Reads an event in the JSON format of CloudEvents 1.0 (an object of attributes and data).
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function readCloudEvent(value: unknown): CloudEvent | readonly CloudEventViolation[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return [{ pointer: '', rule: 'isObject', message: 'a CloudEvent must be an object' }];
  }
  const event = value as Record<string, unknown>;
  const violations: CloudEventViolation[] = [];
  for (const name of required) {
    const attribute = event[name];
    if (typeof attribute !== 'string' || attribute === '' || attribute.length > maxAttribute) {
      violations.push({
        pointer: `/${name}`,
        rule: 'cloudEvent',
        message: `${name} must be a string of 1 to ${maxAttribute} characters`,
      });
    } else if (name === 'specversion' && attribute !== '1.0') {
      violations.push({ pointer: '/specversion', rule: 'cloudEvent', message: 'specversion must be 1.0' });
    }
  }
  for (const name of ['datacontenttype', 'data_base64'] as const) {
    if (event[name] != null && typeof event[name] !== 'string') {
      violations.push({ pointer: `/${name}`, rule: 'cloudEvent', message: `${name} must be a string` });
    }
  }
  if (event.data != null && event.data_base64 != null) {
    violations.push({
      pointer: '/data_base64',
      rule: 'cloudEvent',
      message: 'data and data_base64 must not both be there',
    });
  }
  if (violations.length > 0) return violations;
  return {
    id: event.id as string,
    source: event.source as string,
    type: event.type as string,
    dataContentType: (event.datacontenttype as string | null | undefined) ?? undefined,
    data: event.data,
    dataBase64: (event.data_base64 as string | null | undefined) ?? undefined,
  };
}

/** True for an event, false for what is wrong with it. */
export const isCloudEvent = (result: CloudEvent | readonly CloudEventViolation[]): result is CloudEvent =>
  !Array.isArray(result);

/**
 * The attributes that the headers `ce-*` of the binary mode carry, percent-decoded; undefined for a value that cannot be.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
export function attributesOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const attributes: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || typeof value !== 'string') continue;
    try {
      attributes[name.slice('ce-'.length)] = decodeURIComponent(value);
    } catch {
      attributes[name.slice('ce-'.length)] = undefined;
    }
  }
  return attributes;
}

/** `application/json` and whatever ends in `+json`, with or without parameters. */
export const isJsonType = (contentType: string): boolean => {
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase();
  return mediaType === 'application/json' || mediaType.endsWith('+json');
};
