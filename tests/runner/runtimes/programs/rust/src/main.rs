//! What the contract suite asks of a function, in Rust with AWS's own client.

use std::io::Write;
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use lambda_runtime::{service_fn, Context, Diagnostic, Error, LambdaEvent};
use serde_json::{json, Value};

static CALLS: AtomicUsize = AtomicUsize::new(0);

fn failed(text: String) -> Diagnostic {
    Diagnostic { error_type: "ValueError".into(), error_message: text }
}

fn told(error: std::io::Error) -> Diagnostic {
    failed(error.to_string())
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    act(event.payload, event.context).await
}

async fn act(event: Value, context: Context) -> Result<Value, Diagnostic> {
    let number = |name: &str, default: u64| event[name].as_u64().unwrap_or(default);
    match event["do"].as_str().unwrap_or("") {
        "echo" => Ok(json!({
            "env": std::env::var("OWN").ok(),
            "where": std::env::current_dir().map_err(told)?,
            "got": event,
        })),
        "context" => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
            let config = &context.env_config;
            Ok(json!({
                "name": config.function_name, "version": config.version, "memory": config.memory.to_string(),
                "group": config.log_group, "stream": config.log_stream, "arn": context.invoked_function_arn,
                "id": context.request_id, "left": context.deadline.saturating_sub(now),
            }))
        }
        "fail" => {
            println!("boom");
            Err(failed("boom".into()))
        }
        "leave" => {
            println!("last words");
            match event["how"].as_str().unwrap_or("") {
                "exit" => process::exit(3),
                "abort" => process::abort(),
                _ => unsafe { std::ptr::write_volatile(std::ptr::null_mut::<u8>().wrapping_add(number("none", 0) as usize), 1) },
            }
            Ok(Value::Null)
        }
        "answer" => Ok(json!(event["text"].as_str().unwrap_or("").repeat(number("size", 0) as usize))),
        "shout" => Err(failed("y".repeat(number("size", 0) as usize))),
        "size" => Ok(json!(event["text"].as_str().unwrap_or("").chars().count())),
        "trace" => Ok(json!(context.xray_trace_id.filter(|id| !id.is_empty()))),
        "sleep" => {
            tokio::time::sleep(Duration::from_secs(number("seconds", 60))).await;
            Ok(json!("slept"))
        }
        "eat" => {
            let mut kept = Vec::new();
            loop {
                kept.push(vec![1u8; 1_000_000]);
                std::hint::black_box(&kept);
            }
        }
        "write" => {
            std::fs::write("/tmp/f", "x").map_err(told)?;
            Ok(json!(std::fs::read_to_string("/tmp/f").map_err(told)?))
        }
        "fill" => {
            let mut file = std::fs::File::create("/tmp/large").map_err(told)?;
            for _ in 0..number("megabytes", 0) {
                file.write_all(&vec![0; 1024 * 1024]).map_err(told)?;
            }
            Ok(Value::Null)
        }
        "spoil" => std::fs::write("/var/task/f", "x").map(|()| Value::Null).map_err(told),
        "show" => {
            println!("one");
            Command::new("echo").arg("two").status().map_err(told)?;
            print!("three");
            std::io::stdout().flush().map_err(told)?;
            Ok(json!(1))
        }
        "count" => Ok(json!(CALLS.fetch_add(1, Ordering::Relaxed) + 1)),
        "binary" => {
            let bytes: Vec<u8> = (0..=255).collect();
            Ok(json!({
                "statusCode": 200, "headers": {"content-type": "application/octet-stream"}, "isBase64Encoded": true,
                "body": base64::engine::general_purpose::STANDARD.encode(bytes),
            }))
        }
        "connect" => {
            let address = (event["host"].as_str().unwrap_or(""), 80).to_socket_addrs().map_err(told)?.next();
            let address = address.ok_or_else(|| failed("no address".into()))?;
            TcpStream::connect_timeout(&address, Duration::from_secs(3)).map(|_| json!("connected")).map_err(told)
        }
        _ => Ok(Value::Null),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    println!("cold");
    if std::env::var("BREAK").is_ok() {
        eprintln!("broken at start");
        process::exit(1);
    }
    lambda_runtime::run(service_fn(handle)).await
}
