import { describe, expect, it } from '@jest/globals';
import { IsArray, IsBoolean, IsIn, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FromEnv, loadConfig } from './configuration.js';

class BaseConfig {
  @FromEnv('NAME')
  @IsString()
  name!: string;
}

class ShopConfig extends BaseConfig {
  @FromEnv('LIMIT')
  @IsInt()
  @Min(1)
  limit: number = 10;

  @FromEnv('OPEN')
  @IsBoolean()
  open: boolean = false;

  @FromEnv('COLOURS')
  @IsArray()
  colours: string[] = [];

  @FromEnv('SIZE')
  @IsIn(['small', 'large'])
  size: 'small' | 'large' = 'small';

  @FromEnv('SECRET')
  @IsOptional()
  @IsString()
  secret?: string;

  @FromEnv('{SERVICE}_PORT')
  @IsOptional()
  @IsInt()
  port?: number;
}

describe('a configuration', () => {
  it('is read from the environment, converted by the type of each property', () => {
    const env = {
      NAME: 'corner',
      LIMIT: '12',
      OPEN: 'true',
      COLOURS: 'red, blue,',
      SIZE: 'large',
      FRONT_DESK_PORT: '0',
      OTHER: 'x',
    };
    expect({ ...loadConfig(ShopConfig, env, 'front-desk') }).toEqual({
      name: 'corner',
      limit: 12,
      open: true,
      colours: ['red', 'blue'],
      size: 'large',
      port: 0,
    });
  });

  it('keeps the initial value of what is not set or empty', () => {
    expect(loadConfig(ShopConfig, { NAME: 'corner', LIMIT: '' })).toMatchObject({
      limit: 10,
      open: false,
      size: 'small',
    });
  });

  it('names every wrong variable and the rule it breaks in one error, and no value', () => {
    const env = { LIMIT: '1x-hidden', OPEN: 'maybe-hidden', SIZE: 'hidden' };
    let message = '';
    try {
      loadConfig(ShopConfig, env);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('NAME: is not set, must be a string (isString)');
    expect(message).toContain('LIMIT: must be an integer number (isInt)');
    expect(message).toContain('OPEN: must be a boolean value (isBoolean)');
    expect(message).toMatch(/SIZE: .*small, large.* \(isIn\)/);
    expect(message).not.toContain('hidden');
  });

  describe('with a secret in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'closeloop-config-'));
    const file = join(folder, 'secret');
    writeFileSync(file, 'pass word\n');
    it('reads it without its final line break', () => {
      expect(loadConfig(ShopConfig, { NAME: 'n', SECRET_FILE: file }).secret).toBe('pass word');
    });
    it('refuses a file and a value at once', () => {
      expect(() => loadConfig(ShopConfig, { NAME: 'n', SECRET_FILE: file, SECRET: 'x' })).toThrow(
        'SECRET and SECRET_FILE are both set',
      );
    });
    it('says when it is not there', () => {
      rmSync(folder, { recursive: true });
      expect(() => loadConfig(ShopConfig, { NAME: 'n', SECRET_FILE: file })).toThrow(
        'SECRET_FILE: cannot be read, ENOENT',
      );
    });
  });
});
