// The kinds of abuse: what each does to a server, how much of it there should be in so many seconds,
// and how much there was, as the server's answers show.
import net from 'node:net';

const head = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\n' +
             'Content-Type: application/json\r\n';
const post = (body) => `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
             '"io.modelcontextprotocol/clientCapabilities":{}}';
const call = (name, args) =>
  `${head}MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: ${name}\r\n` +
  post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args},${meta}}}`)
    .slice(head.length);
const deep = post('['.repeat(200_000) + ']'.repeat(200_000));
const large = post(`{"jsonrpc":"2.0","id":1,"method":"ping","x":"${'y'.repeat(2 << 20)}"}`);
const times = (count, action) => { for (let i = 0; i < count; ++i) action(); };
const count_of = (part, text) => text.split(part).length - 1;

// What one abuser has open and has heard.
export class Abuse {
  sockets = new Set();  // connected, and not closed
  answers = 0;
  bytes = 0;            // dripped
  #timers = [];

  constructor(port) { this.port = port; }

  // A connection whose answers are counted: those with that status, or all.
  open(status = '') {
    const socket = net.connect(this.port, '127.0.0.1', () => this.sockets.add(socket));
    socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    const sign = `HTTP/1.1 ${status}`;
    socket.setEncoding('latin1').on('data', (text) => { this.answers += count_of(sign, text); });
    return socket;
  }
  // One that never reads.
  open_deaf() {
    const socket = net.connect(this.port, '127.0.0.1', () => this.sockets.add(socket));
    return socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
  }
  // What is due is done, late or not.
  every(ms, action) {
    const start = performance.now();
    let done = 0;
    const catch_up = () => { for (const due = (performance.now() - start) / ms; done + 1 <= due; ++done) action(); };
    this.#timers.push(setInterval(catch_up, Math.min(ms, 10)));
  }
  stop() {
    this.#timers.forEach(clearInterval);
    for (const socket of this.sockets) socket.destroy();
  }
}

// Requests at a rate, each on a connection of its own, all of them answered with that status.
const asked = (per_second, status, request) => ({
  unit: 'answers', due: (seconds) => per_second * seconds, done: (abuse) => abuse.answers,
  act: (abuse) => abuse.every(1000 / per_second, () => abuse.open(status).end(request)),
});

// A server lets a client have 500 a second by default; the rest is refused, each with an answer.
const echo = call('echo', '{"message":"x"}');
const flood = {
  unit: 'answers, 429 beyond 500/s', due: (seconds) => 5000 * seconds, done: (abuse) => abuse.answers,
};

// begin: before its time starts, which is when ready() says so; act: from then on.
export const kinds = {
  '2,000 idle connections': {
    unit: 'open at the end', due: () => 2000, done: (abuse) => abuse.sockets.size,
    begin: (abuse) => times(2000, () => abuse.open()),
    ready: (abuse) => abuse.sockets.size === 2000,
  },
  '500 slow headers, a byte each 200 ms': {
    unit: 'bytes', due: (seconds) => 500 * 5 * seconds, done: (abuse) => abuse.bytes,
    begin: (abuse) => times(500, () => abuse.open().write('POST /mcp HTTP/1.1\r\nX-Slow: ')),
    ready: (abuse) => abuse.sockets.size === 500,
    act: (abuse) => abuse.every(200, () => abuse.sockets.forEach((socket) => {
      socket.write('a', (error) => { abuse.bytes += error ? 0 : 1; });
    })),
  },
  '50 that ask for 1 MB and never read': {
    unit: 'with an answer unread at the end', due: () => 50,
    done: (abuse) => [...abuse.sockets].filter((socket) => socket.readableLength > 0).length,
    begin: (abuse) => times(50, () => abuse.open_deaf().write(call('payload', '{"bytes":1000000}').repeat(4))),
    ready: (abuse) => kinds['50 that ask for 1 MB and never read'].done(abuse) === 50,
  },
  '20/s of 200,000 levels': asked(20, 400, deep),
  '20/s of 2 MB': asked(20, 413, large),
  '200/s malformed, a connection each': asked(200, 400, post('{"jsonrpc":"2.0","id":')),
  '5,000/s pipelined on one connection': {
    ...flood,
    act: (abuse) => {
      const socket = abuse.open();
      abuse.every(10, () => socket.write(echo.repeat(50)));
    },
  },
  // 256 to 512 under way all the time.
  'pipelined on one connection without end': {
    ...flood,
    act: (abuse) => {
      const socket = abuse.open();
      let sent = 0;
      const refill = () => {
        for (; sent - abuse.answers <= 256; sent += 256) socket.write(echo.repeat(256));
      };
      socket.on('connect', refill).on('data', refill);
    },
  },
};
