// The official SDK's client, first generation, of any version: how to connect it over each of its
// transports, and its own schemas as a judge of messages.
import { gauntlet, serve } from './gauntlet.mjs';
import { package_path } from './packages.mjs';

const kHttp = ['--http', '127.0.0.1:auto', '--conformance'];

const results = {
  initialize: 'InitializeResult',
  'tools/list': 'ListToolsResult',
  'tools/call': 'CallToolResult',
  'resources/list': 'ListResourcesResult',
  'resources/templates/list': 'ListResourceTemplatesResult',
  'resources/read': 'ReadResourceResult',
  'prompts/list': 'ListPromptsResult',
  'prompts/get': 'GetPromptResult',
  'completion/complete': 'CompleteResult',
};

export async function sdk1(name) {
  const load = (path) => import(package_path(`${name}/dist/esm/${path}`));
  const { Client } = await load('client/index.js');
  const types = await load('types.js');
  const schemas = {
    'notifications/message': types.LoggingMessageNotificationSchema,
    'notifications/resources/updated': types.ResourceUpdatedNotificationSchema,
    'notifications/tools/list_changed': types.ToolListChangedNotificationSchema,
    'notifications/tasks/status': types.TaskStatusNotificationSchema,
    'elicitation/create': types.ElicitRequestSchema,
    'sampling/createMessage': types.CreateMessageRequestSchema,
  };

  async function connect(t, transport) {
    const capabilities = { sampling: {}, elicitation: {}, roots: {} };
    const client = new Client({ name: 'sdk1_client_test', version: '1' }, { capabilities });
    t.after(() => client.close());
    await client.connect(transport);
    return {
      client,
      stateful: true,
      not_found_code: -32002,
      call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
      on: (method, take) => client.setNotificationHandler(schemas[method], take),
      handle: (method, answer) => client.setRequestHandler(schemas[method], answer),
    };
  }

  const over_http = async ({ url }) => {
    const { StreamableHTTPClientTransport } = await load('client/streamableHttp.js');
    return () => new StreamableHTTPClientTransport(new URL(url));
  };

  // Each: a server, and how to make transports to it.
  const ways = {
    'Streamable HTTP, JSON where it can be': async (t) => over_http(await serve(t, kHttp)),
    'Streamable HTTP, SSE': async (t) => over_http(await serve(t, [...kHttp, '--answers', 'sse'])),
    'HTTP+SSE': async (t) => {
      const { SSEClientTransport } = await load('client/sse.js');
      const { url } = await serve(t, kHttp);
      return () => new SSEClientTransport(new URL('/sse', url));
    },
    WebSocket: async (t) => {
      const { WebSocketClientTransport } = await load('client/websocket.js');
      const { url } = await serve(t, kHttp);
      return () => new WebSocketClientTransport(new URL(url.replace('http', 'ws')));
    },
    stdio: async () => {
      const { StdioClientTransport } = await load('client/stdio.js');
      const command = { command: gauntlet, args: ['serve', '--stdio', '--conformance'] };
      return () => new StdioClientTransport(command);
    },
  };

  function schema_for(message, request) {
    if ('method' in message)
      return 'id' in message ? types.ServerRequestSchema : types.ServerNotificationSchema;
    if ('error' in message) return types.JSONRPCErrorSchema;
    return types[`${results[request?.method] ?? 'EmptyResult'}Schema`];
  }

  // What is wrong with a message, as text; nothing where it is right.
  function complaints(message, request) {
    const frame = types.JSONRPCMessageSchema.safeParse(message);
    if (!frame.success) return frame.error.message;
    const whole = 'method' in message || 'error' in message;
    const read = schema_for(message, request).safeParse(whole ? message : message.result);
    return read.success ? '' : read.error.message;
  }

  return { Client, connect, ways, complaints, revision: types.LATEST_PROTOCOL_VERSION, load };
}
