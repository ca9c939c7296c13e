// What the two SDK peers share: their command line, their one tool, and how they say that they listen.
// usage: sdk1_server.mjs|sdk2_server.mjs [--port N] [--json]   (default: a free port, SSE answers)
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { listen_below_ephemeral } from './listen.mjs';
import { require } from './packages.mjs';

export { require };

export const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '0' }, json: { type: 'boolean', default: false } },
});

const z = require('zod');

export function add_echo(server) {
  server.registerTool(
    'echo',
    { description: 'Answers with its message', inputSchema: z.object({ message: z.string() }) },
    ({ message }) => ({ content: [{ type: 'text', text: message }] }),
  );
  return server;
}

export function listen(handler) {
  const http = createServer((request, response) => {
    if (new URL(request.url, 'http://peer').pathname === '/mcp') return handler(request, response);
    response.writeHead(404).end();
  });
  const chosen = Number(options.port);
  listen_below_ephemeral(http, chosen || undefined, chosen || undefined).then((port) =>
    console.log(`listening http://127.0.0.1:${port}/mcp`),
  );
}
