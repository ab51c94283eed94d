// A function whose work around the work is Middy's: the body is parsed before it, its errors become answers after it.
import middy from "@middy/core";
import httpErrorHandler from "@middy/http-error-handler";
import jsonBodyParser from "@middy/http-json-body-parser";
import { createError } from "@middy/util";

const order = async (event) => {
  if (!event.body.name) throw createError(422, "an order needs a name");
  return { statusCode: 201, headers: { "content-type": "application/json" }, body: JSON.stringify({ made: event.body.name }) };
};

export const handler = middy().use(jsonBodyParser()).use(httpErrorHandler({ logger: console.error })).handler(order);
