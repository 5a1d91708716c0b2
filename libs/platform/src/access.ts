import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import 'reflect-metadata';

export const ROLES = ['agent', 'manager', 'admin'] as const;
/** agent: own team; manager: all, read, and rules; admin: all. */
export type Role = (typeof ROLES)[number];

/** Who is asking. A connector is held to its source, an agent to the teams. */
export type Principal =
  | { kind: 'connector'; keyId: string; source: string }
  | { kind: 'person'; subject: string; roles: Role[]; teams: string[] };

/** Looks up API keys (`clk_<id>_<secret>`); a service that serves connectors provides one under {@link API_KEY_VERIFIER}. */
export interface ApiKeyVerifier {
  /** The key's id and source; undefined for a key that is unknown, revoked or expired. */
  verify(key: string): Promise<{ keyId: string; source: string } | undefined>;
}

/** Injection token of the service's {@link ApiKeyVerifier}. Without one, connectors are refused. */
export const API_KEY_VERIFIER = Symbol('API_KEY_VERIFIER');

/** Who a route lets in. Nothing = nobody. */
export interface Access {
  everybody?: boolean;
  connectors?: boolean;
  people?: readonly Role[];
}

export const ACCESS = 'closeloop:access';

type RouteDecorator = ClassDecorator & MethodDecorator;

/** Anybody, without being asked who they are. */
export const Public = (): RouteDecorator => allows({ everybody: true });

/** Connectors with an API key. With {@link ForPeople} beside it: either. */
export const ForConnectors = (): RouteDecorator => allows({ connectors: true });

/** People with one of the roles; without roles: people with any. With {@link ForConnectors} beside it: either. */
export const ForPeople = (...roles: Role[]): RouteDecorator => allows({ people: roles.length === 0 ? ROLES : roles });

/** The {@link Principal} of the request; undefined on a public route. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal | undefined =>
    principalOf(context.switchToHttp().getRequest<object>()),
);

const principals = new WeakMap<object, Principal>();

/** The principal that the guard let in with this request. */
export function principalOf(request: object): Principal | undefined {
  return principals.get(request);
}

export function setPrincipal(request: object, principal: Principal): void {
  principals.set(request, principal);
}

/** Decorators on one method (or one class) add up; those of a method replace those of its class. */
function allows(access: Access): RouteDecorator {
  return (target: object, _property?: string | symbol, descriptor?: PropertyDescriptor) => {
    const subject = (descriptor?.value as object | undefined) ?? target;
    const before = Reflect.getOwnMetadata(ACCESS, subject) as Access | undefined;
    const people = [...new Set([...(before?.people ?? []), ...(access.people ?? [])])];
    Reflect.defineMetadata(ACCESS, { ...before, ...access, ...(people.length > 0 ? { people } : {}) }, subject);
  };
}
