import { ForPeople } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { IsString, MaxLength, MinLength } from 'class-validator';
import { maxConditionLength } from '../domain/condition-checker.js';
import { conditionEnvironment, problemsOfCondition } from '../domain/condition-environment.js';
import { bodyOf } from './request.js';

export class ConditionInput {
  @IsString() @MinLength(1) @MaxLength(maxConditionLength) when!: string;
}

const conditionInput = bodyOf(ConditionInput);

/** For those who write rules: what a condition may say, and what is wrong with one before it is saved. */
@Controller('v1/conditions')
export class ConditionsController {
  @Get()
  @ForPeople()
  environment() {
    return conditionEnvironment();
  }

  @Post('check')
  @HttpCode(200)
  @ForPeople('manager', 'admin')
  check(@Body() body: unknown) {
    return { problems: problemsOfCondition(conditionInput(body).when) };
  }
}
