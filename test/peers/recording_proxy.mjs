// A loopback HTTP proxy in front of a server under test that puts every message into a Record.
// It changes nothing: headers pass as they are, streams pass as they come, and whichever side ends
// an exchange early ends it for the other.
import { createServer, request as send } from 'node:http';
import { listen_below_ephemeral } from './listen.mjs';

// The text of an event stream as it comes, cut into events.
class Events {
  #rest = '';

  *take(text) {
    this.#rest += text;
    for (let end; (end = this.#rest.indexOf('\n\n')) >= 0; ) {
      const lines = this.#rest.slice(0, end).split('\n');
      this.#rest = this.#rest.slice(end + 2);
      const field = (name) =>
        lines.filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, '')).join('\n');
      yield { type: field('event') || 'message', data: field('data') };
    }
  }
}

export class RecordingProxy {
  #record;
  #sessions = new Map();

  constructor(record) {
    this.#record = record;
  }

  // The same path at the proxy.
  async start(t, url) {
    this.target = new URL(url);
    this.server = createServer((request, response) => this.#pass(request, response));
    t.after(() => {
      this.server.closeAllConnections();
      return new Promise((resolve) => this.server.close(resolve));
    });
    const port = await listen_below_ephemeral(this.server);
    return `http://127.0.0.1:${port}${this.target.pathname}`;
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const conversation = this.#conversation_of(request);
    note(() => conversation.sent(JSON.parse(body)), body);
    const { method, url: path, rawHeaders: headers } = request;
    const { hostname, port } = this.target;
    const forward = send({ hostname, port, method, path, headers, agent: false });
    response.on('close', () => forward.destroy());
    forward.on('error', () => response.destroy());
    forward.on('response', (answer) => this.#pass_back(answer, response, conversation));
    forward.end(body);
  }

  #conversation_of(request) {
    const id = request.headers['mcp-session-id'] ?? new URL(request.url, 'http://x').search;
    const known = id && this.#sessions.get(id);
    return known || this.#record.conversation();
  }

  #pass_back(answer, response, conversation) {
    const session = answer.headers['mcp-session-id'];
    if (session && !this.#sessions.has(session)) this.#sessions.set(session, conversation);
    response.writeHead(answer.statusCode, answer.rawHeaders);
    response.flushHeaders();
    const read = this.#reader(answer.headers['content-type'] ?? '', conversation);
    answer.on('data', (chunk) => {
      response.write(chunk);
      read(chunk);
    });
    answer.on('end', () => {
      read(null);
      response.end();
    });
    answer.on('error', () => response.destroy());
  }

  #reader(type, conversation) {
    const decoder = new TextDecoder();
    if (type.startsWith('text/event-stream')) {
      const events = new Events();
      return (chunk) => {
        if (chunk === null) return;
        for (const event of events.take(decoder.decode(chunk, { stream: true })))
          this.#on_event(event, conversation);
      };
    }
    let text = '';
    return (chunk) => {
      if (chunk !== null) text += decoder.decode(chunk, { stream: true });
      else if (type.startsWith('application/json') && text) conversation.received(JSON.parse(text));
    };
  }

  #on_event({ type, data }, conversation) {
    if (type === 'endpoint') this.#sessions.set(new URL(data, 'http://x').search, conversation);
    else if (data) conversation.received(JSON.parse(data));
  }
}

// What a client sends on purpose may be no JSON.
function note(what, body) {
  if (body.length === 0) return;
  try {
    what();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}
