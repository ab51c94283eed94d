// A first function. Functory calls the exported handler once for each event.

// Code out here runs once for each new execution environment (a cold start), before the first event.
// Open connections and load files here: later calls find them ready.
let greetings = 0;

/**
 * Take an event, give back anything that can be written as JSON.
 * event    what the caller sent: for a test, the JSON you wrote
 * context  about this call: context.awsRequestId, context.getRemainingTimeInMillis(), ...
 */
export const handler = async (event, context) => {
  greetings += 1;

  // Whatever is logged goes to the log of this call.
  const name = event.name ?? "world";
  console.log(`greeting ${name}, number ${greetings} of this environment`);

  return { message: `Hello, ${name}`, requestId: context.awsRequestId };
};
