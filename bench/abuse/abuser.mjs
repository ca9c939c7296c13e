// One abuser, in a process of its own:  deps/node bench/abuse/abuser.mjs PORT KIND
// Says "ready" once its time has begun, and when its standard input ends, as JSON, how much abuse
// there should have been since and how much there was.
import { Abuse, kinds } from './kinds.mjs';

const [port, name] = process.argv.slice(2);
const kind = kinds[name];
const abuse = new Abuse(Number(port));
kind.begin?.(abuse);
for (let i = 0; i < 1000 && kind.ready && !kind.ready(abuse); ++i)
  await new Promise((resolve) => setTimeout(resolve, 10));
const begun = performance.now();
kind.act?.(abuse);
console.log('ready');
process.stdin.resume().on('end', () => {
  const seconds = (performance.now() - begun) / 1000;
  console.log(JSON.stringify({ seconds, due: kind.due(seconds), done: kind.done(abuse) }));
  abuse.stop();
  process.exit(0);
});
