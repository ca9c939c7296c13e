// One measurement under load: the figures per request of both sides, and how much of the machine other
// programs took meanwhile.
import { cpus } from 'node:os';
import { sleep } from './house.mjs';
import { cpu_ns, machine_busy_s } from './proc.mjs';

// Until the server has seen that the connections are closed.
const kSettlingMs = 100;

const own_s = () => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us, 0) / 1e6;

// `run` gives { requests, seconds, cpu_s }: of the generator.
export async function under_load(server_pid, run) {
  const look = () => ({ server_s: cpu_ns(server_pid) / 1e9, busy_s: machine_busy_s(),
                        own_s: own_s(), at_s: performance.now() / 1000 });
  const before = look();
  const { requests, seconds, cpu_s } = await run();
  await sleep(kSettlingMs);
  const after = look();
  const spent = (what) => after[what] - before[what];
  const others_s = spent('busy_s') - spent('server_s') - spent('own_s') - cpu_s;
  return {
    requests,
    requests_per_s: requests / seconds,
    generator_cpu_us: (1e6 * cpu_s) / requests,
    server_cpu_us: (1e6 * spent('server_s')) / requests,
    others_cpu_share: Math.max(0, others_s / (spent('at_s') * cpus().length)),
  };
}
