// An MCP server on the official SDK, second generation: 2026-07-28 and the earlier revisions on one
// endpoint, no sessions. Options: see peer.mjs.
import { add_echo, listen, options, require } from './peer.mjs';

const sdk = require('@modelcontextprotocol/server');
const { toNodeHandler } = require('@modelcontextprotocol/node');

const make_server = () => add_echo(new sdk.McpServer({ name: 'sdk2', version: '1' }));

// 'auto' is JSON unless a tool notifies before it answers; ours does not.
const both_eras = sdk.createMcpHandler(make_server, { responseMode: options.json ? 'auto' : 'sse' });

// createMcpHandler answers the earlier revisions with SSE only.
async function answer_stateful_with_json(request) {
  const transport = new sdk.WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await make_server().connect(transport);
  return transport.handleRequest(request);
}

async function fetch(request, extra) {
  const is_post = request.method === 'POST';
  if (options.json && is_post && (await sdk.isLegacyRequest(request)))
    return answer_stateful_with_json(request);
  return both_eras.fetch(request, extra);
}

listen(toNodeHandler({ fetch }));
