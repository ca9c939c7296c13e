// The MCP call that everybody sends, in both eras, and the proof that a server answers it.
import http from 'node:http';
import https from 'node:https';

export const kMessage =
  '0123456789abcdef The answer has to carry this back, with about a hundred bytes of text to it.';
const kNonce = '0123456789abcdef';
const kPatienceMs = 15_000;

// What `gauntlet run` is told: each call carries a nonce of its own, of the same length.
export const own_arguments = JSON.stringify({ message: kMessage.replace(kNonce, '{{nonce}}') });

const client = { name: 'gauntlet', version: '0.1.0' };
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': client,
  'io.modelcontextprotocol/clientCapabilities': {},
};
const common = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
};
const request = (id, method, params) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const params = { name: 'echo', arguments: { message: kMessage } };
const kCallId = 1_000_000_000;

export const kRevisions = { stateless: '2026-07-28', stateful: '2025-11-25' };

export const stateless_call = {
  body: request(kCallId, 'tools/call', { ...params, _meta: meta }),
  headers: {
    ...common,
    'MCP-Protocol-Version': kRevisions.stateless,
    'Mcp-Method': 'tools/call',
    'Mcp-Name': 'echo',
  },
};

// Opens a session where the server has such: a stateless one has none.
async function stateful_call(url) {
  const protocolVersion = kRevisions.stateful;
  const opening = { protocolVersion, capabilities: {}, clientInfo: client };
  const opened = await post(url, { body: request(1, 'initialize', opening), headers: common });
  const session = opened.headers['mcp-session-id'];
  const headers = { ...common, 'MCP-Protocol-Version': protocolVersion };
  if (session) headers['Mcp-Session-Id'] = session;
  return { body: request(kCallId, 'tools/call', params), headers };
}

export const make_call = (era, url) => (era === 'stateful' ? stateful_call(url) : stateless_call);

// One exchange on a connection of its own; `bytes` is the whole answer, head included.
export function post(url, { body, headers }) {
  const { request: start, Agent } = url.startsWith('https') ? https : http;
  const agent = new Agent({ keepAlive: true });
  const options = {
    method: 'POST',
    agent,
    headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    rejectUnauthorized: false,
    timeout: kPatienceMs,
  };
  return new Promise((resolve, reject) => {
    const sent = start(url, options, (response) => {
      const { socket } = response; // gone from there at its end
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, text,
                  bytes: answer_bytes(response, text, socket) }));
    });
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${url}: no answer`)));
    sent.end(body);
  }).finally(() => agent.destroy());
}

// Chunks have frames, so what the socket read is counted there; sealed bytes are more than the answer.
function answer_bytes(response, text, socket) {
  if (response.headers['transfer-encoding']) return socket.bytesRead;
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let i = 0; i < response.rawHeaders.length; i += 2)
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  return Buffer.byteLength(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

// The answer to the call, or an error where it is not the right one.
export async function ask(url, call) {
  const answer = await post(url, call);
  let echoed;
  try {
    echoed = JSON.parse(answer.text).result.content[0].text;
  } catch {
    echoed = undefined;
  }
  if (answer.status === 200 && echoed === kMessage)
    return { body: answer.text, bytes: answer.bytes };
  throw new Error(`${url} does not answer the call: HTTP ${answer.status}, ${answer.text.slice(0, 200)}`);
}
