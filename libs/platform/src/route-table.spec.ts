import { describe, expect, it } from '@jest/globals';

import { RouteTable } from './route-table.js';

describe('the route table', () => {
  const routes = new RouteTable();
  routes.add('/v1/feedback', ['POST']);
  routes.add('/v1/feedback/:id', ['GET']);
  routes.add('/v1/feedback/:id', ['HEAD']);
  routes.add('/v1/feedback/batch', ['POST']);
  routes.add('/docs/*', ['GET']);
  routes.add('/', ['GET']);

  it.each([
    ['/v1/feedback', ['POST']],
    ['/v1/feedback/', ['POST']],
    ['/v1/feedback/7', ['GET', 'HEAD']],
    ['/v1/feedback/batch', ['GET', 'HEAD', 'POST']],
    ['/docs/a/b', ['GET']],
    ['/', ['GET']],
    ['/v1', []],
    ['/v1/feedback/7/more', []],
    ['/v1/feedback//', []],
  ])('%s takes %j', (path, methods) => {
    expect(routes.methodsOf(path)).toEqual(methods);
  });

  it('tells all that it has', () => {
    expect(routes.all()).toHaveLength(6);
    expect(routes.all()).toContainEqual({ method: 'HEAD', path: '/v1/feedback/:id' });
  });
});
