// Clients of earlier revisions: the official SDK as it was then, over the transports that it spoke.
// Its own schemas judge every message of ours: those revisions' official ones, as they were written
// in TypeScript.
import assert from 'node:assert/strict';
import test from 'node:test';
import { try_features } from './features.mjs';
import { Record, recorded } from './record.mjs';
import { sdk1 } from './sdk1.mjs';

const kOfItsTime = {
  '2024-11-05': ['HTTP+SSE', 'WebSocket', 'stdio'],
  '2025-03-26': ['Streamable HTTP, JSON where it can be', 'Streamable HTTP, SSE', 'HTTP+SSE', 'stdio'],
};

for (const [revision, names] of Object.entries(kOfItsTime)) {
  const { connect, ways, complaints, revision: latest } = await sdk1(`sdk-${revision}`);
  test(`${revision}: its schemas find what is wrong`, () => {
    const judged = (message) => complaints({ jsonrpc: '2.0', ...message }, { method: 'tools/list' });
    assert.equal(judged({ id: 1, result: { tools: [] } }), '');
    assert.notEqual(judged({ id: 1, result: { tools: [{ name: 1 }] } }), '');
    assert.notEqual(judged({ method: 'notifications/nonsense' }), '');
  });
  for (const name of names) {
    test(`${revision}, ${name}`, async (t) => {
      assert.equal(latest, revision);
      const record = new Record({ [revision]: { complaints } });
      const transport = await ways[name](t);
      const connect_recorded = (t) => connect(t, recorded(transport(), record));
      await try_features(t, connect_recorded, { without: ['elicitation'] });
      await t.test('every message is valid', () => {
        assert.deepEqual(record.complaints, []);
        assert.deepEqual(Object.keys(record.counts), [revision]);
        assert.ok(record.counts[revision] > 100, JSON.stringify(record.counts));
      });
    });
  }
}
