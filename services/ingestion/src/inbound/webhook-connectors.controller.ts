import { auditActorOf, CurrentPrincipal, ForPeople, type Principal, Problem } from '@closeloop/platform';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ConfigureWebhooks } from '../application/configure-webhooks.handler.js';
import { WebhookConnectors } from '../domain/webhook-connectors.js';
import { bodyOf } from './request-body.js';
import { WebhookConnectorRequest, WebhookSecretRequest } from './webhook-connector.request.js';

const connectorRequest = bodyOf(WebhookConnectorRequest);
const secretRequest = bodyOf(WebhookSecretRequest);
const dayInSeconds = 24 * 60 * 60;

@Controller('v1/webhook-connectors')
@ForPeople('admin')
export class WebhookConnectorsController {
  constructor(
    private readonly connectors: WebhookConnectors,
    private readonly configuration: ConfigureWebhooks,
  ) {}

  @Post()
  async create(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { name, source, mapping, secret } = connectorRequest(body);
    const created = await this.configuration.create({
      name,
      source,
      mapping: mapping ?? 'feedback-input.v1',
      secret: secret ?? undefined,
      actor: auditActorOf(principal),
    });
    if (!created) throw new Problem('version-conflict', `There is a webhook connector ${name} already.`);
    return created;
  }

  @Get()
  async list() {
    return { connectors: await this.connectors.list() };
  }

  @Post(':name/secrets')
  async rotate(@Param('name') name: string, @Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { secret, overlapSeconds } = secretRequest(body ?? {});
    const rotated = await this.configuration.rotate(name, {
      secret: secret ?? undefined,
      overlapSeconds: overlapSeconds ?? dayInSeconds,
      actor: auditActorOf(principal),
    });
    return rotated ?? unknown(name);
  }

  @Delete(':name')
  @HttpCode(204)
  async remove(@Param('name') name: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    if (!(await this.configuration.remove(name, auditActorOf(principal)))) unknown(name);
  }
}

function unknown(name: string): never {
  throw new Problem('not-found', `There is no webhook connector ${name}.`);
}
