// What /proc says of processes and of the machine.
import { readFileSync, readdirSync } from 'node:fs';

const kTicksPerSecond = 100;

// A process that ends between two looks is no error.
function look(read, otherwise) {
  try {
    return read();
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return otherwise;
    throw error;
  }
}
const numbers_in = (folder) =>
  look(() => readdirSync(folder).filter((name) => /^\d+$/.test(name)).map(Number), []);

function parent_of(pid) {
  const stat = look(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]);
}

// The process and all below it.
export function tree(root) {
  const parents = numbers_in('/proc').map((pid) => [pid, parent_of(pid)]);
  const pids = [root];
  for (const pid of pids)
    pids.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  return pids;
}

// Processor time of a tree so far, all threads, as the scheduler counts it.
export function cpu_ns(root) {
  let sum = 0;
  for (const pid of tree(root))
    for (const task of numbers_in(`/proc/${pid}/task`))
      sum += Number(
        look(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'), '0').split(' ')[0]);
  return sum;
}

export const pss_bytes = (root) =>
  tree(root).reduce((sum, pid) => {
    const text = look(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss: 0 kB');
    return sum + 1024 * Number(/^Pss:\s+(\d+)/m.exec(text)[1]);
  }, 0);

// Seconds that all cores were busy since the start, steal included: others have it.
export function machine_busy_s() {
  const [user, nice, system, , , irq, softirq, steal] =
    /^cpu +(.*)/.exec(readFileSync('/proc/stat', 'utf8'))[1].split(' ').map(Number);
  return (user + nice + system + irq + softirq + steal) / kTicksPerSecond;
}

export const descriptor_limit = () =>
  Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
