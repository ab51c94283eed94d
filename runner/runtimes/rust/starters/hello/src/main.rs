//! A first function. Functory calls `handle` once for each event.

use std::sync::atomic::{AtomicUsize, Ordering};

use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

// Lives as long as the execution environment, and each has its own.
static GREETINGS: AtomicUsize = AtomicUsize::new(0);

/// Takes an event, gives back anything that can be written as JSON.
///
/// `event.payload` is what the caller sent: for a test, the JSON you wrote. `event.context` is about this call.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let number = GREETINGS.fetch_add(1, Ordering::Relaxed) + 1;

    // Whatever is printed goes to the log of this call.
    let name = event.payload["name"].as_str().unwrap_or("world");
    println!("greeting {name}, number {number} of this environment");

    Ok(json!({"message": format!("Hello, {name}"), "request_id": event.context.request_id}))
}

// What main does before it runs the handler happens once for each new execution environment (a cold start). Open
// connections and load files there: later calls find them ready.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}
