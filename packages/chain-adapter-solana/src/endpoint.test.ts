import { describe, expect, test } from 'vitest';
import { readEndpoint, redactUrls } from './endpoint.ts';

describe('an endpoint shows its host and nothing else', () => {
  const endpoint = readEndpoint('https://rpc.example.org:8443/v2/Sup3rSecretKey?api-key=An0therSecret', ['https:']);

  test('host', () => expect(endpoint.host).toBe('rpc.example.org:8443'));

  test.each([
    'Failed to parse URL from https://rpc.example.org:8443/v2/Sup3rSecretKey?api-key=An0therSecret',
    'unknown key Sup3rSecretKey',
    'api-key=An0therSecret is over its quota',
    'GET /v2/Sup3rSecretKey 403',
  ])('%s', (text) => {
    expect(endpoint.redact(text)).not.toMatch(/Sup3rSecretKey|An0therSecret/);
  });
});

test('any URL in a text is reduced to its host', () => {
  expect(redactUrls('connect to https://a.example/key?x=y, or wss://b.example:1/z')).toBe(
    'connect to a.example or b.example:1',
  );
});
