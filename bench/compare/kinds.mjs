// The kinds of measurement, in the order in which a round goes through them. Each has
//   tools: what it runs besides gauntlet (names of machine.mjs)
//   title: of its chapter
//   prepare(house, options): { pattern, subjects, ratios }, where
//     pattern is a text that says what the figures of the chapter are of,
//     a subject is { id, pattern, measure() }, measure() gives figures or throws, and
//     a ratio is { text, metric, of, over, goal? }: the metric of one subject over that of another,
//     goal: { at_least | at_most }.
import * as cost from './cost.mjs';
import * as floor from './floor.mjs';
import * as generators from './generators.mjs';
import * as idle from './idle.mjs';
import * as servers from './servers.mjs';
import * as tls from './tls.mjs';

export const kinds = { generators, servers, floor, cost, tls, idle };
