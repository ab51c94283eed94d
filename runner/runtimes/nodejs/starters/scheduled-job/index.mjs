// A job that a schedule runs. It stops in time, and says in its answer how far it came.
import { setTimeout as sleep } from "node:timers/promises";

// Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
const RESERVE_MS = 500;

export const handler = async (event, context) => {
  const items = Array.from({ length: event.items ?? 3 }, (_, number) => `item-${number}`);
  const done = [];
  for (const item of items) {
    if (context.getRemainingTimeInMillis() < RESERVE_MS) {
      console.log(`stopping early: ${items.length - done.length} left for the next run`);
      break;
    }
    await workOn(item);
    done.push(item);
  }
  console.log(`done with ${done.length} of ${items.length}`);
  return { done, left: items.length - done.length };
};

/** Replace this with real work. A job may be run twice, so let a second run do no harm. */
async function workOn(item) {
  console.log(`working on ${item}`);
  await sleep(50);
}
