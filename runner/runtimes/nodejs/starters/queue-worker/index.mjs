// A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.
//
// Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
// When this function throws, the event is tried again after one minute and after two, then it is a dead
// letter, to be looked at under Events and sent again.

// An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done.
// So a worker notes what it has finished. This set is only as good as this environment: use a database.
const finished = new Set();

/** An order that no second attempt will mend. */
class CannotDo extends Error {
  name = "CannotDo";
}

export const handler = async ({ order, amount = 0 }) => {
  if (!order) throw new CannotDo("an event needs an order");
  if (finished.has(order)) {
    console.log(`order ${order} is done already`);
    return { order, state: "already done" };
  }
  if (amount <= 0) throw new CannotDo(`order ${order} has no amount`);
  console.log(`charging ${amount} for order ${order}`);
  finished.add(order);
  return { order, state: "done" };
};
