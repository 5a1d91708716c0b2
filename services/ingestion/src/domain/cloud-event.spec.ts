import { describe, expect, it } from '@jest/globals';
import { attributesOf, isCloudEvent, isJsonType, readCloudEvent } from './cloud-event.js';

const event = { specversion: '1.0', id: 'a', source: '/shop', type: 'feedback.inbound.v1', data: { text: 'late' } };

const pointers = (value: unknown): string[] => {
  const read = readCloudEvent(value);
  return isCloudEvent(read) ? [] : read.map(({ pointer }) => pointer);
};

describe('CloudEvent', () => {
  it('is read with its data', () => {
    expect(readCloudEvent({ ...event, time: '2026-01-01T00:00:00Z', extension: 1 })).toEqual({
      id: 'a',
      source: '/shop',
      type: 'feedback.inbound.v1',
      dataContentType: undefined,
      data: { text: 'late' },
      dataBase64: undefined,
    });
  });

  it('needs its four attributes, of version 1.0', () => {
    expect(pointers({})).toEqual(['/specversion', '/id', '/source', '/type']);
    expect(pointers({ ...event, id: '', source: 7 })).toEqual(['/id', '/source']);
    expect(pointers({ ...event, specversion: '0.3' })).toEqual(['/specversion']);
    expect(pointers({ ...event, id: 'x'.repeat(1001) })).toEqual(['/id']);
  });

  it('has data once', () => {
    expect(pointers({ ...event, data_base64: 'e30=' })).toEqual(['/data_base64']);
    expect(pointers({ ...event, data: undefined, data_base64: 5 })).toEqual(['/data_base64']);
  });

  it.each([null, [], 'text', 5])('is not %j', (value) => {
    expect(pointers(value)).toEqual(['']);
  });

  it('has its attributes percent-encoded in headers', () => {
    expect(
      attributesOf({ 'ce-id': 'Euro%20%E2%82%AC', 'ce-source': '/a', 'content-type': 'x', 'ce-bad': '%zz' }),
    ).toEqual({
      id: 'Euro €',
      source: '/a',
      bad: undefined,
    });
  });

  it('tells JSON by its media type', () => {
    expect(['application/json', 'application/json; charset=utf-8', 'application/vnd.x+JSON'].map(isJsonType)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['text/json5', 'application/xml'].map(isJsonType)).toEqual([false, false]);
  });
});
