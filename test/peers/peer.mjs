// What the two SDK peers share: their command line, their one tool, and how they say that they listen.
// usage: sdk1_server.mjs|sdk2_server.mjs [--port N] [--json]   (default: a free port, SSE answers)
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

// The packages lie in test/npm.
export const require = createRequire(new URL('../npm/package.json', import.meta.url));

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

// The first free port from 20000 on, below the range that the kernel takes outgoing ports from.
function first_free(http, port, last) {
  http.once('error', (error) => {
    if (error.code !== 'EADDRINUSE' || port === last) throw error;
    first_free(http, port + 1, last);
  });
  http.listen(port, '127.0.0.1');
}

export function listen(handler) {
  const http = createServer((request, response) => {
    if (new URL(request.url, 'http://peer').pathname === '/mcp') return handler(request, response);
    response.writeHead(404).end();
  });
  http.once('listening', () => console.log(`listening http://127.0.0.1:${http.address().port}/mcp`));
  const port = Number(options.port);
  first_free(http, port || 20000, port || 32000);
}
