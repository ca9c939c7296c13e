// Whether a message costs more when there are more connections: processor time of both sides in the
// steady phase of one pattern, at 15,000 connections over that at 150.
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
const ratios = kPatterns.flatMap((pattern) =>
  Object.entries(sides).map(([side, metric]) => ({
    text: `${side} per message, ${kMany} / ${kFew} connections: ` +
      `${pattern.transport}, burst ${pattern.burst}`,
    metric,
    of: own_id({ ...pattern, connections: kMany }),
    over: own_id({ ...pattern, connections: kFew }),
    goal: { at_most: 1.5 },
  })));

export async function prepare(house, { seconds, connections_max }) {
  const subjects = [];
  for (const connections of [kFew, kMany].filter((count) => count <= connections_max))
    for (const pattern of kPatterns)
      subjects.push(await own_subject(house, { ...pattern, connections }, seconds));
  const text = `\`gauntlet run\` against \`gauntlet serve\`, closed loop, every answer verified. Processor
time within the steady phase only: between two looks at both processes and at the server's count of
calls, opening and closing left out.`;
  return { pattern: text, subjects, ratios };
}
