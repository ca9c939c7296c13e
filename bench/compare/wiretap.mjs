// How many bytes a message has on the wire, there and back: one client goes through a relay that looks
// at the size of each piece. One request in flight, so a piece is a message; the most frequent counts.
import net from 'node:net';
import { listen_below_ephemeral } from '../../test/peers/listen.mjs';

class Sizes {
  #counts = new Map();
  add(size) { this.#counts.set(size, (this.#counts.get(size) ?? 0) + 1); }
  most_frequent() {
    const [first] = [...this.#counts].sort(([, a], [, b]) => b - a);
    if (!first) throw new Error('nothing passed the wiretap');
    return first[0];
  }
}

function relay(client, port, sent, answered) {
  const server = net.connect(port, '127.0.0.1');
  const join = (from, to, sizes) => {
    from.on('data', (bytes) => {
      sizes.add(bytes.length);
      to.write(bytes);
    });
    from.on('close', () => to.destroy()).on('error', () => to.destroy());
  };
  join(client, server, sent);
  join(server, client, answered);
}

// `run(url)` loads that address with one connection.
export async function message_bytes(url, run) {
  const tapped = new URL(url), port = Number(tapped.port);
  const sent = new Sizes(), answered = new Sizes();
  const tap = net.createServer((client) => relay(client, port, sent, answered));
  tapped.port = await listen_below_ephemeral(tap);
  try {
    await run(tapped.href);
  } finally {
    await new Promise((resolve) => tap.close(resolve));
  }
  return { request_bytes: sent.most_frequent(), answer_bytes: answered.most_frequent() };
}
