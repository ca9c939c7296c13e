// The load generators beside ours. Each sends one prepared call over and over on all connections, a
// closed loop with one request in flight on each. A tool is
//   argv(house, job): its command line; job: { url, call, connections, seconds }
//   read(output): { requests, seconds, bytes, body_bytes, faults }, of which bytes (whole answers) or
//     body_bytes is there (NaN where hey met chunks), and faults are texts: whatever was not a 2xx answer.
import { writeFileSync } from 'node:fs';
import { package_path } from '../../test/peers/packages.mjs';
import { ask } from './call.mjs';

const kWorstSize = 0.01;
const lines_of = (headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
const header_options = (headers) => lines_of(headers).flatMap((line) => ['-H', line]);

function body_file(house, call) {
  const file = house.file('body');
  writeFileSync(file, call.body);
  return file;
}

function figure(output, pattern, what) {
  const match = pattern.exec(output);
  if (!match) throw new Error(`its output has no ${what}: ${output.slice(-300)}`);
  return Number(match[1]);
}

function faults_of(counts) {
  return Object.entries(counts).filter(([, count]) => count > 0).map(([name, n]) => `${n} ${name}`);
}

const wrk_script = (call) => `wrk.method = "POST"
wrk.body = [==[${call.body}]==]
${Object.entries(call.headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join('\n')}
function done(summary)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"bytes":%d,"us":%d,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\\n',
    summary.requests, summary.bytes, summary.duration, e.connect, e.read, e.write, e.status, e.timeout))
end
`;

const wrk = {
  argv(house, { url, call, connections, seconds }) {
    const script = house.file('call.lua');
    writeFileSync(script, wrk_script(call));
    const load = ['-t', '1', '-c', `${connections}`, '-d', `${seconds}s`, '--timeout', '30s'];
    return ['wrk', ...load, '-s', script, url];
  },
  read(output) {
    const line = output.split('\n').find((text) => text.startsWith('{"requests"'));
    if (!line) throw new Error(`its output has no figures: ${output.slice(-300)}`);
    const { requests, bytes, us, connect, read, write, status, timeout } = JSON.parse(line);
    const faults = faults_of({ 'answers that were not 2xx': status, 'connections refused': connect,
                               'failed reads': read, 'failed writes': write, 'time-outs': timeout });
    return { requests, seconds: us / 1e6, bytes, faults };
  },
};

const h2load = {
  argv(house, { url, call, connections, seconds }) {
    const load = ['--h1', '-t', '1', '-c', `${connections}`, '-D', `${seconds}`];
    return ['h2load', ...load, '-d', body_file(house, call), ...header_options(call.headers), url];
  },
  read(output) {
    const count = (what) =>
      figure(output, new RegExp(`^(?:requests|status codes):.* (\\d+) ${what}`, 'm'), what);
    const requests = count('succeeded');
    const faults = faults_of({ failed: count('failed'), errored: count('errored'),
                               'time-outs': count('timeout'), 'answers 3xx': count('3xx'),
                               'answers 4xx': count('4xx'), 'answers 5xx': count('5xx') });
    return { requests, seconds: figure(output, /^finished in ([\d.]+)s/m, 'time'), faults,
             body_bytes: figure(output, /\((\d+)\) data/, 'bytes') };
  },
};

const hey = {
  argv(house, { url, call, connections, seconds }) {
    const load = ['-cpus', '1', '-c', `${connections}`, '-z', `${seconds}s`, '-disable-compression'];
    const file = body_file(house, call);
    return ['hey', ...load, '-m', 'POST', '-D', file, ...header_options(call.headers), url];
  },
  read(output) {
    const answers = [...output.matchAll(/^ +\[(\d+)\]\t(\d+) responses/gm)];
    const failed = [...output.matchAll(/^ +\[(\d+)\]\t(?!\d+ responses)(.*)/gm)];
    const faults = answers.filter(([, status]) => !status.startsWith('2'))
      .map(([, status, count]) => `${count} answers ${status}`)
      .concat(failed.map(([, count, why]) => `${count} ${why}`));
    const requests = answers.reduce((sum, [, , count]) => sum + Number(count), 0);
    return { requests, seconds: figure(output, /Total:\t([\d.]+) secs/, 'time'), faults,
             body_bytes: Number(/Total data:\t(\d+) bytes/.exec(output)?.[1]) };
  },
};

const autocannon = {
  argv(house, { url, call, connections, seconds }) {
    const load = ['-c', `${connections}`, '-d', `${seconds}`, '-m', 'POST', '--json'];
    const script = package_path('autocannon/autocannon.js');
    const what = ['-i', body_file(house, call), ...header_options(call.headers), url];
    return [process.execPath, script, ...load, ...what];
  },
  read(output) {
    const found = JSON.parse(output.slice(output.indexOf('{')));
    const { errors, timeouts, non2xx, resets } = found;
    const faults = faults_of({ errors, 'time-outs': timeouts, 'connections reset': resets,
                               'answers that were not 2xx': non2xx });
    return { requests: found['2xx'], seconds: found.duration, bytes: found.throughput.total, faults };
  },
};

export const tools = { wrk, h2load, hey, autocannon };

// Every answer has the size of the one that was verified, or some were others.
function check_size({ requests, bytes, body_bytes }, answer) {
  const [each, expected] =
    bytes === undefined ? [body_bytes / requests, Buffer.byteLength(answer.body)]
                        : [bytes / requests, answer.bytes];
  if (Math.abs(each / expected - 1) <= kWorstSize) return;
  if (Number.isNaN(each)) throw new Error('it does not say how long its answers were');
  throw new Error(`its answers had ${each.toFixed(1)} bytes each, the verified one ${expected}`);
}

// One run of a tool, after one call whose answer was looked at: { requests, seconds, cpu_s }.
export async function run_tool(house, name, job) {
  const answer = await ask(job.url, job.call);
  const child = house.start(tools[name].argv(house, job), job.seconds);
  const { status, output, errors, cpu_s } = await child.finished;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${errors || output.slice(-300)}`);
  const figures = tools[name].read(output);
  if (figures.faults.length > 0) throw new Error(`${name} met ${figures.faults.join(', ')}`);
  if (!(figures.requests > 0)) throw new Error(`${name} got no answers`);
  check_size(figures, answer);
  return { requests: figures.requests, seconds: figures.seconds, cpu_s };
}
