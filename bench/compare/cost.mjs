// Whether a message costs more when there are more connections: processor time of both sides in the
// steady phase of one pattern, at 15,000 connections over that at 150. Beside it the same of the floor,
// in the same rounds: that part of the rise is the machine's.
import { floor_id, floor_subject } from './floor.mjs';
import { own_id, own_subject } from './own_subjects.mjs';

export const title = 'Cost by connections';
export const needs = [];
const kFew = 150, kMany = 15_000;
const kPatterns = [
  { transport: 'tcp', burst: 1 },
  { transport: 'tcp', burst: 16 },
  { transport: 'http', burst: 1 },
];

const sides = { 'generator CPU': 'generator_cpu_us', 'server CPU': 'server_cpu_us' };
const rise = (name, id_of, goal) => (pattern) =>
  Object.entries(sides).map(([side, metric]) => ({
    text: `${name(side)} per message, ${kMany} / ${kFew} connections: ` +
      `${pattern.transport}, burst ${pattern.burst}`,
    metric,
    of: id_of({ ...pattern, connections: kMany }),
    over: id_of({ ...pattern, connections: kFew }),
    goal,
  }));
const of_the_floor = { 'generator CPU': "the floor's sender, CPU", 'server CPU': "the floor's echo, CPU" };
const ratios = [
  ...kPatterns.flatMap(rise((side) => side, own_id, { at_most: 1.5 })),
  ...kPatterns.flatMap(rise((side) => of_the_floor[side], floor_id)),
];

export async function prepare(house, { seconds, connections_max }) {
  const subjects = [];
  for (const connections of [kFew, kMany].filter((count) => count <= connections_max))
    for (const pattern of kPatterns)
      subjects.push(await floor_subject(house, { ...pattern, connections }, seconds),
                    await own_subject(house, { ...pattern, connections }, seconds));
  const text = `\`gauntlet run\` against \`gauntlet serve\`, closed loop, every answer verified. Processor
time within the steady phase only: between two looks at both processes and at the server's count of
calls, opening and closing left out. The floor's is that of \`gauntlet floor\` with as many bytes, which
does nothing with them: what it rises by is the kernel's and the machine's.`;
  return { pattern: text, subjects, ratios };
}
