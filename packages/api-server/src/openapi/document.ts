import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import type { RoutePlan } from '../route-plan.ts';
import { componentSchemas, errorSchema, type JsonSchema, jsonSchemaOf } from './components.ts';
import { errorsByStatus } from './route-errors.ts';

/** One object is one way in; what stands in one object is needed together. */
const SECURITY: Readonly<Record<NonNullable<RoutePlan['auth']>, OpenAPIV3_1.SecurityRequirementObject[]>> = {
  public: [],
  session: [{ bearerAuth: [] }],
  operator: [{ masterAuth: [] }, { operatorAuth: [] }],
  master: [{ masterAuth: [] }],
  operatorOrOwner: [{ masterAuth: [] }, { operatorAuth: [] }, { ownerAuth: [] }],
  ownerOnceConnected: [{ ownerAuth: [] }, { masterAuth: [] }, { operatorAuth: [] }],
  owner: [{ ownerAuth: [] }],
  masterAndOwner: [{ masterAuth: [], ownerAuth: [] }],
  masterAndPossession: [{ masterAuth: [], ownerAuth: [] }],
  recovery: [{ masterAuth: [], ownerAuth: [] }, { masterAuth: [] }],
  // The empty one: the owner's signature is in the body.
  sessionCreation: [{ masterAuth: [] }, { operatorAuth: [] }, { ownerAuth: [] }, {}],
};

const TAGS: Readonly<Record<string, string>> = {
  Public: 'What needs no credential.',
  Wallet: 'The wallet of the agent that a session is for.',
  Transaction: 'Payments of that agent: asked for, tried out, looked at.',
  Session: 'Sessions of agents: opened, listed, renewed, revoked.',
  Agent: 'Agents: created, listed, suspended, resumed.',
  Owner: 'What belongs to the owner of the funds: approvals, policies, the record of what was done.',
  Admin: 'The daemon itself.',
};

/** Marks an operation whose body may be left out, until the document is made. */
const OPTIONAL_BODY = 'x-optional-body';

/** What an owner's signature has to authorise, and whether it is over the request or over the payment that the path names. */
const OWNER_ACTION = 'x-owner-action';
const OWNER_SUBJECT = 'x-owner-subject';

const partOf = (schema: unknown, io: 'input' | 'output'): JsonSchema => {
  if (schema instanceof z.ZodType) return jsonSchemaOf(schema, io);
  throw new TypeError('A route schema must be a zod schema');
};

/**
 * Collects the routes as they are declared and describes them from the very schemas that validate requests and write
 * answers (06 §1.12). The document itself is made when it is asked for.
 */
export function collectOpenApi(app: FastifyInstance, version: string): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'WAIaaS API',
        version,
        license: { name: 'MIT', identifier: 'MIT' },
        description:
          'A wallet daemon for AI agents. Amounts are decimal strings in base units; times are ISO 8601 in UTC.',
      },
      components: {
        securitySchemes: {
          bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Session token, wai_sess_…' },
          operatorAuth: { type: 'http', scheme: 'bearer', description: 'Operator token, wai_op_…' },
          ownerAuth: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An owner signature: base64url of JSON with chain, address, action, nonce, timestamp, message and signature. POST /v1/owner/messages gives the text to sign.',
          },
          masterAuth: { type: 'apiKey', in: 'header', name: 'X-Master-Password' },
        },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    },
    transform: ({ schema, url, route }) => {
      const { plan, errors = [], eventStream = false } = route.config ?? {};
      if (schema === undefined || schema.hide === true || plan === undefined)
        return { schema: { ...schema, hide: true, response: undefined, querystring: undefined }, url };
      const media = eventStream ? 'text/event-stream' : 'application/json';
      return { schema: describe(schema, plan, errorsByStatus(plan, errors), media), url };
    },
  });
}

function describe(
  { body, querystring, params, headers, response, ...rest }: FastifySchema,
  plan: RoutePlan,
  errors: ReturnType<typeof errorsByStatus>,
  media: string,
): FastifySchema {
  const responses: Record<string, unknown> = {};
  for (const [status, schema] of Object.entries(response ?? {}))
    responses[status] = {
      description: 'Success',
      content: { [media]: { schema: partOf(schema, 'output') } },
    };
  for (const [status, codes] of errors)
    responses[status] = { description: codes.join(', '), content: { 'application/json': { schema: errorSchema } } };
  return {
    ...rest,
    ...(plan.auth === undefined ? {} : { security: SECURITY[plan.auth] }),
    ...(plan.action === null ? {} : { [OWNER_ACTION]: plan.action, [OWNER_SUBJECT]: plan.subject }),
    ...(body === undefined ? {} : { body: partOf(body, 'input') }),
    ...(body instanceof z.ZodType && body.safeParse(undefined).success ? { [OPTIONAL_BODY]: true } : {}),
    ...(querystring === undefined ? {} : { querystring: partOf(querystring, 'input') }),
    ...(params === undefined ? {} : { params: partOf(params, 'input') }),
    ...(headers === undefined ? {} : { headers: partOf(headers, 'input') }),
    response: responses,
  };
}

/**
 * The OpenAPI 3.1 document of a server that is ready.
 * @param port put into the one server entry
 */
export function openApiDocument(app: FastifyInstance, port = 3100): OpenAPIV3_1.Document {
  const document: OpenAPIV3_1.Document = JSON.parse(JSON.stringify(app.swagger()), tellOptionalBody);
  return {
    ...document,
    servers: [{ url: `http://127.0.0.1:${port}`, description: 'Local daemon' }],
    components: { ...document.components, schemas: componentSchemas() },
  };
}

/** Reads an operation of the document as it is generated: there every body is required. */
function tellOptionalBody(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(OPTIONAL_BODY in value)) return value;
  const { [OPTIONAL_BODY]: _mark, ...operation } = value;
  if (!('requestBody' in operation) || typeof operation.requestBody !== 'object') return operation;
  return { ...operation, requestBody: { ...operation.requestBody, required: false } };
}
