import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ActivateModel, type Activated } from '../application/activate-model.handler.js';
import { Learn } from '../application/learn.handler.js';
import { Learner } from '../domain/own/learner.js';
import { ActivationConflict, ModelStore, type Activation } from '../domain/own/model-store.js';
import { taggerName } from '../domain/own/own-model.js';
import { ActivateRequest, bodyOf, personOf, RollbackRequest, versionOf } from './learning.request.js';

const activateRequest = bodyOf(ActivateRequest);
const rollbackRequest = bodyOf(RollbackRequest);

/** Activations that are told. */
const historyLength = 100;

/** A company's own models: what was learned, which one judges, and who said so. */
@Controller('v1/models')
@ForPeople('manager', 'admin')
export class ModelsController {
  constructor(
    private readonly store: ModelStore,
    private readonly learn: Learn,
    private readonly activateModel: ActivateModel,
    private readonly learner: Learner,
  ) {}

  @Get()
  async list() {
    const [models, [...activations]] = await Promise.all([this.store.all(), this.store.activations(historyLength)]);
    return {
      shipped: this.learner.base,
      active: this.#viewOf(activations[0] ?? { number: 0, version: undefined, rollback: false }),
      models: models.map(({ madeAt, comparedWith, ...model }) => ({
        ...model,
        ...{ name: taggerName(model.base, model.version), madeAt: madeAt.toISOString() },
        comparedWith: comparedWith ?? 'shipped',
      })),
      activations: activations.map((activation) => this.#viewOf(activation)),
    };
  }

  /** Learns now, whatever is new, and says what came of it. */
  @Post('learn')
  @HttpCode(200)
  async learnNow(@CurrentPrincipal() principal: Principal) {
    const outcome = await this.learn.handle(personOf(principal));
    if (!outcome) throw new Problem('version-conflict', 'It is being learned at this moment: ask again.');
    return outcome;
  }

  @Post('active')
  @HttpCode(200)
  async activate(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { version, reason } = activateRequest(body);
    return this.#answer(() => this.activateModel.handle(versionOf(version), personOf(principal), reason));
  }

  /** Back to what was active before. */
  @Post('rollback')
  @HttpCode(200)
  async rollback(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { reason } = rollbackRequest(body);
    return this.#answer(() => this.activateModel.rollback(personOf(principal), reason));
  }

  async #answer(activate: () => Promise<Activated>) {
    try {
      const result = await activate();
      switch (result.kind) {
        case 'activated':
        case 'already':
          return this.#viewOf(result.active);
        case 'unknown':
          throw new Problem('not-found', 'There is no model of that version.');
        case 'other-base':
          throw new Problem('version-conflict', `It was learned over ${result.base}, and ${this.learner.base} ships.`);
        case 'nothing-before':
          throw new Problem('version-conflict', 'No model was active before this one: what ships judges alone.');
      }
    } catch (error) {
      if (!(error instanceof ActivationConflict)) throw error;
      throw new Problem('version-conflict', error.message, { active: this.#viewOf(error.active) });
    }
  }

  #viewOf({ number, version, rollback, at, by, reason }: Activation) {
    return {
      ...{ number, version: version ?? 'shipped', name: taggerName(this.learner.base, version), rollback },
      ...(at && { at: at.toISOString(), by, reason }),
    };
  }
}
