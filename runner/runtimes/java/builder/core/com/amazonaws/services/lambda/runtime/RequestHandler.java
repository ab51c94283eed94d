package com.amazonaws.services.lambda.runtime;

/** A handler that takes an object made of the event and gives one back. */
public interface RequestHandler<I, O> {
    O handleRequest(I input, Context context);
}
