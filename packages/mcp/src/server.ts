import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { asText, failureOf, ToolError } from './answer.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { RESOURCES } from './resources/index.ts';
import type { AgentSession, Report } from './session/agent-session.ts';
import { TOOLS } from './tools/index.ts';
import { VERSION } from './version.ts';

/**
 * The server, not yet connected. It is made of the protocol's plain handlers: the list of tools is whole at the first
 * request, and every failure has one form, wrong arguments included, which the SDK's registration words in its own way.
 */
export function createServer(session: AgentSession, report: Report): Server {
  const server = new Server(
    { name: 'waiaas-wallet', title: 'WAIaaS wallet', version: VERSION },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  const told = (value: unknown): string => session.conceal(asText(value));
  const failed = (error: unknown): string => {
    const failure = failureOf(error);
    if (failure.code === 'INTERNAL_ERROR' && error instanceof Error && !(error instanceof ToolError))
      report(session.conceal(`${error.name}: ${error.message}`));
    return told(failure);
  };

  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ name, description, inputSchema, annotations }) => ({
      name,
      title: annotations.title,
      description,
      inputSchema,
      annotations,
    })),
  }));

  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = TOOLS.find(({ name }) => name === params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, 'There is no such tool');
    try {
      return { content: [{ type: 'text', text: told(await tool.call(params.arguments, { session, signal })) }] };
    } catch (error) {
      return { isError: true, content: [{ type: 'text', text: failed(error) }] };
    }
  });

  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: RESOURCES.map(({ read: _read, ...resource }) => ({ ...resource, mimeType: 'application/json' })),
  }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: [] }));

  server.setRequestHandler(ReadResourceRequestSchema, async ({ params: { uri } }, { signal }) => {
    const resource = RESOURCES.find((known) => known.uri === uri);
    if (resource === undefined) throw new McpError(ErrorCode.InvalidParams, 'There is no such resource');
    const text = await resource.read({ session, signal }).then(told, (error: unknown) => {
      const { error: _error, ...failure } = failureOf(error);
      return told({ error: failure });
    });
    return { contents: [{ uri, mimeType: 'application/json', text }] };
  });

  server.onerror = (error) => report(`The client sent something that is no request (${error.name}).`);
  return server;
}
