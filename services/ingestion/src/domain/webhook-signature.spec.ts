import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { keyOfSecret, refusalOf, secretOfKey } from './webhook-signature.js';

/** The example of the Standard Webhooks specification's reference libraries. */
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const now = Number(vector.timestamp);
const key = keyOfSecret(vector.secret)!;
const message = { id: vector.id, timestamp: vector.timestamp, signatures: vector.signature, body: vector.body };

describe('Standard Webhooks signature', () => {
  it('takes the published vector', () => {
    expect(refusalOf(message, [key], now)).toBeUndefined();
  });

  it('agrees with the reference library over any body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), (text, id) => {
        const signatures = new Webhook(vector.secret).sign(id, new Date(now * 1000), text);
        expect(
          refusalOf({ id, timestamp: String(now), signatures, body: Buffer.from(text) }, [key], now),
        ).toBeUndefined();
      }),
    );
  });

  it('refuses a body, an id or a timestamp changed by one character', () => {
    expect(refusalOf({ ...message, body: Buffer.from('{"test": 2432232315}') }, [key], now)).toBe('no-match');
    expect(refusalOf({ ...message, id: 'msg_p5jXN8AQM9LWM0D4loKWxJeK' }, [key], now)).toBe('no-match');
    expect(refusalOf({ ...message, timestamp: '1614265331' }, [key], now)).toBe('no-match');
  });

  it('checks bytes, not text: bodies that decode to the same characters are different', () => {
    const invalidUtf8 = Buffer.from([0x22, 0xff, 0x22]);
    const replaced = Buffer.from(invalidUtf8.toString('utf8'));
    const signatures = new Webhook(vector.secret).sign(vector.id, new Date(now * 1000), replaced);
    expect(refusalOf({ ...message, signatures, body: replaced }, [key], now)).toBeUndefined();
    expect(refusalOf({ ...message, signatures, body: invalidUtf8 }, [key], now)).toBe('no-match');
  });

  it('takes any of several signatures and any of several keys, for rotation', () => {
    const old = Buffer.alloc(32, 1);
    const signatures = `v1,${'A'.repeat(43)}= ${vector.signature} v1a,somethingelse`;
    expect(refusalOf({ ...message, signatures }, [old, key], now)).toBeUndefined();
    expect(refusalOf({ ...message, signatures }, [old], now)).toBe('no-match');
    expect(refusalOf(message, [], now)).toBe('no-match');
  });

  it('does not take a signature of another version', () => {
    expect(refusalOf({ ...message, signatures: vector.signature.replace('v1,', 'v2,') }, [key], now)).toBe('no-match');
  });

  it('takes five minutes either way and no second more', () => {
    expect(refusalOf(message, [key], now + 300)).toBeUndefined();
    expect(refusalOf(message, [key], now - 300)).toBeUndefined();
    expect(refusalOf(message, [key], now + 301)).toBe('too-old');
    expect(refusalOf(message, [key], now - 301)).toBe('too-new');
  });

  it.each(['', ' 1614265330', '1614265330abc', '-1614265330', '1.6e9', '99999999999999999999'])(
    'refuses the timestamp %j',
    (timestamp) => {
      expect(refusalOf({ ...message, timestamp }, [key], now)).toBeDefined();
    },
  );

  it('refuses a message without one of the headers', () => {
    for (const header of ['id', 'timestamp', 'signatures'] as const) {
      expect(refusalOf({ ...message, [header]: undefined }, [key], now)).toBe('headers-missing');
    }
  });

  it('reads secrets of 24 to 64 bytes as whsec_ and base64 only', () => {
    for (const bytes of [24, 32, 64]) {
      const random = Buffer.alloc(bytes, 7);
      expect(keyOfSecret(secretOfKey(random))).toEqual(random);
    }
    for (const secret of [
      secretOfKey(Buffer.alloc(23)),
      secretOfKey(Buffer.alloc(65)),
      'whsec_',
      vector.secret.slice(6),
      'whsec_not base64!',
    ]) {
      expect(keyOfSecret(secret)).toBeUndefined();
    }
  });
});
