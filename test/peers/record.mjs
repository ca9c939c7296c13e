// Record: every message of a server under test, judged by the schema of its revision. A complaint
// is kept once.
//
// A Conversation is what shares a revision: a session, or a connection. Answers are held against
// the requests that were sent in it, and a stateless request says its own revision.
import { Schema, kStateless, revisions } from './schema.mjs';

const kVersionKey = 'io.modelcontextprotocol/protocolVersion';
const kSubscriptionKey = 'io.modelcontextprotocol/subscriptionId';

const official = Object.fromEntries(revisions.map((revision) => [revision, new Schema(revision)]));

export class Record {
  counts = {};
  #complaints = new Set();
  #judges;

  // By revision; each says what is wrong with a message.
  constructor(judges = official) {
    this.#judges = judges;
  }

  get complaints() {
    return [...this.#complaints];
  }

  conversation() {
    return new Conversation(this);
  }

  judge(revision, message, request) {
    this.counts[revision] = (this.counts[revision] ?? 0) + 1;
    const judge = this.#judges[revision];
    const complaint = judge
      ? judge.complaints(message, request)
      : `is of the unknown revision ${revision}`;
    if (!complaint) return;
    const text = JSON.stringify(message).slice(0, 600);
    const about = request ? ` (to ${request.method})` : '';
    this.#complaints.add(`${revision}${about}: ${text} ${complaint}`);
  }
}

export class Conversation {
  #record;
  #requests = new Map();
  #revision;

  constructor(record) {
    this.#record = record;
  }

  // What the client sent: one message, or an array of them.
  sent(message) {
    for (const one of [message].flat()) {
      if (!one || typeof one !== 'object' || !('method' in one)) continue;
      const claimed = one.params?._meta?.[kVersionKey];
      if (claimed && one.method !== 'initialize') this.#revision ??= kStateless;
      if ('id' in one) this.#requests.set(JSON.stringify(one.id), { ...one, stateless: !!claimed });
    }
  }

  received(message) {
    for (const one of [message].flat()) this.#judge(one);
  }

  #judge(message) {
    const answers = message && typeof message === 'object' && !('method' in message);
    const request = answers ? this.#requests.get(JSON.stringify(message.id)) : undefined;
    if (request?.method === 'initialize' && !request.stateless)
      this.#revision = message.result?.protocolVersion ?? this.#revision;
    this.#record.judge(this.#revision_of(message, request), message, request);
  }

  #revision_of(message, request) {
    if (request?.stateless || message?.params?._meta?.[kSubscriptionKey] !== undefined)
      return kStateless;
    return this.#revision ?? '2025-11-25';
  }
}

// Puts every message of an SDK's client transport into the record.
export function recorded(transport, record) {
  const conversation = record.conversation();
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    conversation.sent(message);
    return send(message, options);
  };
  let deliver;
  Object.defineProperty(transport, 'onmessage', {
    get: () => deliver && receive,
    set: (to) => (deliver = to),
  });
  const receive = (message, extra) => {
    conversation.received(message);
    deliver(message, extra);
  };
  return transport;
}
