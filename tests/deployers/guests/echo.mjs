// The function that the SDK's tests make: it tells what it got, logs it, fails when asked, and streams words.
export const handler = async (event, context) => {
  console.log("a line", JSON.stringify(event));
  if (event.fail) throw new RangeError(event.fail);
  return { event, custom: context.clientContext?.custom };
};

export const streams = awslambda.streamifyResponse(async (event, stream) => {
  for (const word of event.words) {
    stream.write(word);
    await new Promise(setImmediate);
  }
  stream.end();
});
