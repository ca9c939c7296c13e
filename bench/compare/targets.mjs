// The servers that are measured, each on core 0.
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { listen_below_ephemeral } from '../../test/peers/listen.mjs';
import { ask, stateless_call } from './call.mjs';
import { sleep } from './house.mjs';

const kListening = /^gauntlet serve: listening on (\S+)/;

// `gauntlet serve` with one worker and no flow control, which would answer 429.
export async function start_gauntlet(house, options = [], lines = 1) {
  const flow = ['--rate-limit', '0', '--breaker', 'off'];
  const argv = [house.program, 'serve', '--workers', '1', '--exit-with-parent', ...flow, ...options];
  const child = await house.serve(argv, kListening, lines);
  return { child, pid: child.pid, url: child.found[0], tcp: child.found[1] };
}

export async function start_echo(house) {
  const argv = [house.program, 'floor', '--echo', '127.0.0.1:auto'];
  const child = await house.serve(argv, /^gauntlet floor: echoing on (\S+)/);
  return { child, pid: child.pid, where: child.found[0] };
}

// The official TypeScript SDK of that generation, answering with JSON.
export async function start_sdk(house, generation) {
  const script = house.source(`test/peers/sdk${generation}_server.mjs`);
  const child = await house.serve([process.execPath, script, '--json'], /^listening (\S+)/);
  return { child, pid: child.pid, url: child.found[0] };
}

async function free_port() {
  const server = createServer();
  const port = await listen_below_ephemeral(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const nginx_conf = (folder, port, body) => `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type application/json; return 200 '${body}'; }
  }
}
`;

// nginx, which gives `body` to everyone and looks at nothing.
export async function start_nginx(house, body) {
  const conf = house.file('nginx.conf'), port = await free_port();
  writeFileSync(conf, nginx_conf(house.scratch, port, body));
  const log = `${house.scratch}/nginx.log`;
  const child = await house.serve(['nginx', '-c', conf, '-e', log], null, 0);
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let tries = 0; ; ++tries) {
    try {
      await ask(url, stateless_call);
      return { child, pid: child.pid, url };
    } catch (error) {
      if (tries === 50 || child.exitCode !== null)
        throw new Error(`nginx: ${error.message} ${child.errors}`);
      await sleep(100);
    }
  }
}

// One connection that stays: a new one would wait for its turn twice when the server is saturated.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const fetch_text = (url) => new Promise((resolve, reject) => {
  http.get(url, { agent }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part) => (text += part));
    response.on('end', () => resolve(text)).on('error', reject);
  }).on('error', reject);
});

// A counter or gauge of a `gauntlet serve`, all its labels added up.
export async function metric(url, name) {
  const text = await fetch_text(new URL('/metrics', url));
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  if (lines.length === 0) throw new Error(`${url}: no metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
