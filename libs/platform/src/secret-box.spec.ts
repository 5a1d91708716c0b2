import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSealed, SecretBox } from './secret-box.js';

const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

describe('secret box', () => {
  it('gives back what it sealed, at the same place only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.string(), fc.string(), (value, place, other) => {
        const box = new SecretBox([first]);
        const sealed = box.seal(value, place);
        expect(box.open(sealed, place)).toEqual(Buffer.from(value));
        if (other !== place) expect(box.open(sealed, other)).toBeUndefined();
      }),
    );
  });

  it('shows nothing of the value, and never the same twice', () => {
    const box = new SecretBox([first]);
    const value = Buffer.from('a secret of the sender, 32 bytes');
    expect(box.seal(value, 'here').includes(value)).toBe(false);
    expect(box.seal(value, 'here')).not.toEqual(box.seal(value, 'here'));
    expect(isSealed(box.seal(value, 'here'))).toBe(true);
  });

  it('opens with any of its keys and seals with the first, so that a key can be replaced', () => {
    const old = new SecretBox([first]).seal(Buffer.from('value'), 'here');
    const both = new SecretBox([second, first]);
    expect(both.open(old, 'here')).toEqual(Buffer.from('value'));
    expect(new SecretBox([second]).open(old, 'here')).toBeUndefined();
    expect(new SecretBox([second]).open(both.seal(Buffer.from('value'), 'here'), 'here')).toEqual(Buffer.from('value'));
  });

  it('notices every changed byte', () => {
    const box = new SecretBox([first]);
    const sealed = box.seal(Buffer.from('value'), 'here');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(box.open(changed, 'here')).not.toEqual(Buffer.from('value'));
    }
  });

  it('without a key keeps the value as it is, and says so', () => {
    const box = new SecretBox([]);
    expect(box.seals).toBe(false);
    const kept = box.seal(Buffer.from('value'), 'here');
    expect(isSealed(kept)).toBe(false);
    expect(new SecretBox([first]).open(kept, 'here')).toEqual(Buffer.from('value'));
  });
});
