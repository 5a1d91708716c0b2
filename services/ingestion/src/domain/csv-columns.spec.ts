import { describe, expect, it } from '@jest/globals';
import { areColumns, columnsOf, type FieldSchema, inputOf } from './csv-columns.js';

const schema: FieldSchema = {
  type: 'object',
  properties: {
    text: { type: ['string', 'null'] },
    historic: { type: 'boolean' },
    rating: { anyOf: [{ $ref: '#/$defs/Rating' }, { type: 'null' }] },
    author: { $ref: '#/$defs/Author' },
    segments: { type: 'array' },
    attributes: { type: 'object' },
  },
  $defs: {
    Rating: { type: 'object', properties: { value: { type: 'number' }, scale: { type: 'number' } } },
    Author: { type: 'object', properties: { externalId: { type: 'string' } } },
  },
};

const read = (header: string[], row: string[]): unknown => {
  const columns = columnsOf(header, schema);
  if (!areColumns(columns)) throw new Error(columns.map(({ message }) => message).join('; '));
  return inputOf(columns, row);
};
const wrong = (...header: string[]): string[] => {
  const columns = columnsOf(header, schema);
  return areColumns(columns) ? [] : columns.map(({ message }) => message);
};

describe('CSV columns', () => {
  it('fill the fields of their names, with the kind of value that the field holds', () => {
    expect(
      read(
        ['text', 'rating.value', 'rating.scale', 'author.externalId', 'historic', 'segments'],
        ['late again', '2.5', '5', '007', 'TRUE', 'gold | family'],
      ),
    ).toEqual({
      text: 'late again',
      rating: { value: 2.5, scale: 5 },
      author: { externalId: '007' },
      historic: true,
      segments: ['gold', 'family'],
    });
  });

  it('become attributes when they are no fields', () => {
    expect(read(['attributes.seat', 'airline', 'author.shoe'], ['12A', 'Delta', '43'])).toEqual({
      attributes: { seat: '12A', airline: 'Delta', 'author.shoe': '43' },
    });
  });

  it('leave their field out when the cell is empty', () => {
    expect(read(['text', 'rating.value', 'airline'], ['', '', ''])).toEqual({});
  });

  it('leave a cell that is no number or boolean as it is, for validation to tell of', () => {
    expect(read(['rating.value', 'historic'], ['five', 'maybe'])).toEqual({
      rating: { value: 'five' },
      historic: 'maybe',
    });
    expect(read(['rating.value'], ['0x10'])).toEqual({ rating: { value: '0x10' } });
    expect(read(['rating.value'], ['Infinity'])).toEqual({ rating: { value: 'Infinity' } });
  });

  it('cannot reach a prototype', () => {
    const input = read(['__proto__', 'attributes.constructor'], ['x', 'y']) as { attributes: object };
    expect(Object.entries(input.attributes)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(input.attributes)).toBe(Object.prototype);
  });

  it('are refused when one is an object, has no name, or comes twice', () => {
    expect(wrong('rating', 'attributes')).toEqual([
      'the column rating must be split into rating.value, rating.scale',
      'the column attributes must be split into attributes.<key>',
    ]);
    expect(wrong('text', '', 'attributes.')).toEqual(['column 2 has no name', 'column 3 has no name']);
    expect(wrong('text', 'text', 'seat', 'attributes.seat')).toEqual([
      'the column text is there twice',
      'the column attributes.seat is there twice',
    ]);
  });
});
