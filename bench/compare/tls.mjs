// What TLS and tokens cost the server: the same call over each, under wrk.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { stateless_call } from './call.mjs';
import { under_load } from './measure.mjs';
import { start_gauntlet } from './targets.mjs';
import { run_tool } from './tools.mjs';

export const title = 'TLS and tokens';
export const needs = ['wrk', 'openssl'];
const kConnections = 50;
const kToken = 'a-token-of-the-comparison';
const kIssuer = 'https://issuer.invalid';
const kAudience = 'https://gauntlet.invalid/mcp';
const id_of = (name) => `guard: ${name}`;

function make_certificate(house) {
  const key = house.file('key.pem'), certificate = house.file('certificate.pem');
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const what = ['-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate];
  const made = spawnSync('openssl', ['req', '-x509', ...kind, ...what]);
  if (made.status !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return ['--tls-cert', certificate, '--tls-key', key];
}

function make_token_file(house) {
  const file = house.file('tokens');
  writeFileSync(file, `${kToken} somebody mcp\n`, { mode: 0o600 });
  return ['--auth', `token-file:${file}`];
}

// An ES256 key, what the server needs to know of it, and a token that lasts a day.
function make_jwt(house) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = house.file('jwks.json');
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
  writeFileSync(file, JSON.stringify({ keys: [key] }));
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: kIssuer, aud: kAudience, sub: 'somebody', scope: 'mcp', iat: now,
                   exp: now + 86_400 };
  const text = [{ alg: 'ES256', typ: 'JWT', kid: 'one' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', text, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    options: ['--auth', `jwks:${file}`, '--auth-issuer', kIssuer, '--auth-audience', kAudience],
    token: `${text}.${signature.toString('base64url')}`,
  };
}

async function make_subject(house, { name, options, token }, seconds) {
  const server = await start_gauntlet(house, ['--http', '127.0.0.1:auto', ...options]);
  const headers = { ...stateless_call.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  const call = { ...stateless_call, headers };
  const job = { url: server.url, call, connections: kConnections, seconds };
  return {
    id: id_of(name),
    pattern: { transport: server.url.split(':')[0], connections: kConnections, burst: 1,
               loop: 'closed', era: 'stateless', generator: 'wrk' },
    measure: () => under_load(server.pid, () => run_tool(house, 'wrk', job)),
  };
}

export async function prepare(house, { seconds }) {
  const jwt = make_jwt(house);
  const guards = [
    { name: 'plain HTTP', options: [] },
    { name: 'TLS 1.3', options: make_certificate(house) },
    { name: 'token of a file', options: make_token_file(house), token: kToken },
    { name: 'JWT (ES256)', ...jwt },
  ];
  const subjects = [];
  for (const guard of guards) subjects.push(await make_subject(house, guard, seconds));
  const ratios = guards.slice(1).map(({ name }) => ({
    text: `server CPU per request, ${name} / plain HTTP`,
    metric: 'server_cpu_us', of: id_of(name), over: id_of('plain HTTP'),
  }));
  const pattern = `\`gauntlet serve\` under \`wrk\`, ${kConnections} connections that stay open, a closed loop,
MCP 2026-07-28 \`tools/call\` of \`echo\`.`;
  return { pattern, subjects, ratios };
}
