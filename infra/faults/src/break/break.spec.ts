import { describe, expect, it } from '@jest/globals';
import { Module, type FactoryProvider } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { breakNames, breaks } from './breaks.js';
import { altered, replaceProvider } from './replace-provider.js';

class Guard {
  constructor(
    readonly injected: string,
    public holds = true,
  ) {}
}

const guard = { provide: Guard, inject: ['given'], useFactory: (given: string) => new Guard(`${given} and more`) };

describe('a guard that is taken out', () => {
  it('is altered in a dynamic module, wherever it is imported, made as ever of what it is injected with', async () => {
    const dynamic = { module: class Dynamic {}, providers: [guard, 'other'] as never[] };
    class Inner {}
    Module({ imports: [dynamic] })(Inner);
    class Outer {}
    Module({ imports: [Inner] })(Outer);

    replaceProvider(
      Outer,
      Guard,
      altered<Guard>((made, other: string) => {
        made.holds = other !== 'another';
      }, 'another'),
    );

    const [replaced, other] = dynamic.providers as unknown as [FactoryProvider<Guard>, string];
    expect(replaced).toMatchObject({ provide: Guard, inject: ['another', 'given'] });
    expect(await replaced.useFactory('another', 'it')).toEqual(new Guard('it and more', false));
    expect(other).toBe('other');
  });

  it('is replaced among the providers of a decorated module, given as a class or by a token', () => {
    class One {}
    Module({ providers: [Guard, { provide: 'token', useValue: 1 }] })(One);
    replaceProvider(One, Guard, () => ({ provide: Guard, useValue: 2 }));
    replaceProvider(One, 'token', () => ({ provide: 'token', useValue: 3 }));
    expect(Reflect.getMetadata('providers', One)).toEqual([
      { provide: Guard, useValue: 2 },
      { provide: 'token', useValue: 3 },
    ]);
  });

  it('is missed where nothing provides it: a guard that has moved must not pass for one that is not needed', () => {
    class Empty {}
    Module({})(Empty);
    expect(() => replaceProvider(Empty, Guard, () => ({ provide: Guard, useValue: 1 }))).toThrow(
      /Nothing provides Guard/,
    );
  });

  it.each(breakNames)('%s has programs that are there, and faults that show it', (name) => {
    const { programs, faults } = breaks[name];
    const missing = Object.values(programs).filter(
      (program) => !existsSync(join(import.meta.dirname, basename(program).replace(/\.js$/, '.ts'))),
    );
    expect(missing).toEqual([]);
    expect(Object.keys(programs).length).toBeGreaterThan(0);
    expect(faults.length).toBeGreaterThan(0);
  });
});
