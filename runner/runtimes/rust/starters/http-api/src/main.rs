//! A small HTTP API. A function URL sends each request as an event (payload format 2.0).

use std::sync::Mutex;

use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

// Lives as long as this execution environment, and each has its own: fine for trying things out, but anything to keep
// belongs in a database.
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let request = event.payload;
    let method = request["requestContext"]["http"]["method"].as_str().unwrap_or("");
    let path = request["rawPath"].as_str().unwrap_or("");
    println!("{method} {path}");
    Ok(match (method, path) {
        ("GET", "/" | "/notes") => answer(200, json!({"notes": notes()})),
        ("POST", "/notes") => add_note(&request),
        _ => answer(404, json!({"error": format!("Nothing is at {method} {path}.")})),
    })
}

fn notes() -> Vec<String> {
    NOTES.lock().expect("nobody panics with the notes").clone()
}

fn add_note(request: &Value) -> Value {
    let body = request["body"].as_str().unwrap_or("{}");
    let sent: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    match sent["text"].as_str().map(str::trim) {
        Some(text) if !text.is_empty() => {
            NOTES.lock().expect("nobody panics with the notes").push(text.to_string());
            answer(201, json!({"notes": notes()}))
        }
        _ => answer(400, json!({"error": "Send {\"text\": \"...\"}."})),
    }
}

/// What a function URL turns into an HTTP response.
fn answer(status: u16, content: Value) -> Value {
    json!({"statusCode": status, "headers": {"content-type": "application/json"}, "body": content.to_string()})
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}
