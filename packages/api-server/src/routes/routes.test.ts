import { describe, expect, test } from 'vitest';
import { credentialsFor, harness, ROUTES, requestOf } from '../../test/fixtures.ts';

describe('every route', () => {
  test.each(ROUTES)('$method $url answers its audience', async (route) => {
    const { request } = await harness();
    const answer = await request(requestOf(route, credentialsFor(route.auth)));
    expect({ status: answer.statusCode, body: answer.statusCode === route.status || answer.body }).toEqual({
      status: route.status,
      body: true,
    });
  });
});
