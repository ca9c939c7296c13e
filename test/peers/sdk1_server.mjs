// An MCP server on the official SDK, first generation: revisions up to 2025-11-25, one session a
// client. Options: see peer.mjs.
import { randomUUID } from 'node:crypto';
import { add_echo, listen, options, require } from './peer.mjs';

const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { StreamableHTTPServerTransport } = require('@modelcontextprotocol/sdk/server/streamableHttp.js');

const sessions = new Map();

async function open_session() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: options.json,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await add_echo(new McpServer({ name: 'sdk1', version: '1' })).connect(transport);
  return transport;
}

listen(async (request, response) => {
  const id = request.headers['mcp-session-id'];
  if (id && !sessions.has(id)) {
    const error = { code: -32001, message: 'Session not found' };
    response.writeHead(404, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
  }
  const transport = id ? sessions.get(id) : await open_session();
  await transport.handleRequest(request, response);
});
