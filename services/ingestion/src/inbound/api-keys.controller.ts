import { auditActorOf, CurrentPrincipal, ForConnectors, ForPeople, type Principal, Problem } from '@closeloop/platform';
import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { ApiKeys } from '../domain/api-keys.js';
import { CreateApiKey } from '../application/create-api-key.handler.js';
import { RevokeApiKey } from '../application/revoke-api-key.handler.js';
import { ApiKeyRequest } from './api-key.request.js';
import { bodyOf } from './request-body.js';

const apiKeyRequest = bodyOf(ApiKeyRequest);

@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly creation: CreateApiKey,
    private readonly revocation: RevokeApiKey,
  ) {}

  @Post()
  @ForPeople('admin')
  create(@Body() body: unknown, @CurrentPrincipal() principal: Principal) {
    const { source, name } = apiKeyRequest(body);
    return this.creation.create({ source, ...(name == null ? {} : { name }), actor: auditActorOf(principal) });
  }

  @Get()
  @ForPeople('admin')
  async list() {
    return { keys: await this.keys.list() };
  }

  /** Whose key is presented: other services ask here, so that keys are kept in one place only. */
  @Get('self')
  @ForConnectors()
  self(@CurrentPrincipal() principal: Principal) {
    if (principal.kind !== 'connector') throw new Problem('forbidden', 'Only an API key can ask who it is.');
    return { keyId: principal.keyId, source: principal.source };
  }

  @Delete(':id')
  @ForPeople('admin')
  async revoke(@Param('id') id: string, @CurrentPrincipal() principal: Principal) {
    const revoked = await this.revocation.revoke(id, auditActorOf(principal));
    if (!revoked) throw new Problem('not-found', `There is no API key ${id}.`);
    return revoked;
  }
}
