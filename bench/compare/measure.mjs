// What a measurement under load cost both sides per request, and how much of the machine other programs
// took meanwhile.
import { cpus } from 'node:os';
import { sleep } from './house.mjs';
import { cpu_ns, machine_busy_s } from './proc.mjs';

// Until the server has seen that the connections are closed.
const kSettlingMs = 100;

const own_s = () => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us, 0) / 1e6;

export const look_at_machine = () =>
  ({ at_s: performance.now() / 1000, busy_s: machine_busy_s(), own_s: own_s() });

// Between two looks at { server_s, generator_s } and at the machine. The kernel's interrupts belong to
// nobody, so they are counted with the other programs.
export function per_request(before, after, requests) {
  const spent = (what) => after[what] - before[what];
  const others_s = spent('busy_s') - spent('server_s') - spent('generator_s') - spent('own_s');
  return {
    generator_cpu_us: (1e6 * spent('generator_s')) / requests,
    server_cpu_us: (1e6 * spent('server_s')) / requests,
    others_cpu_share: Math.max(0, others_s / (spent('at_s') * cpus().length)),
  };
}

// `run` gives { requests, seconds, cpu_s }: of the generator, from its start to its end.
export async function under_load(server_pid, run) {
  const look = (generator_s) =>
    ({ server_s: cpu_ns(server_pid) / 1e9, generator_s, ...look_at_machine() });
  const before = look(0);
  const { requests, seconds, cpu_s } = await run();
  await sleep(kSettlingMs);
  const both = per_request(before, look(cpu_s), requests);
  return { requests, requests_per_s: requests / seconds, ...both };
}
