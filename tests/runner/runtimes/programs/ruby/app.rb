# What the contract suite asks of a function, in Ruby.
require "base64"
require "socket"

puts "cold"
raise ArgumentError, "broken at start" if ENV["BREAK"]

$calls = 0

def handler(event:, context:)
  case event["do"]
  when "echo" then { got: event, env: ENV["OWN"], where: Dir.pwd }
  when "context"
    { name: context.function_name, version: context.function_version, memory: context.memory_limit_in_mb.to_s,
      group: context.log_group_name, stream: context.log_stream_name, arn: context.invoked_function_arn,
      id: context.aws_request_id, left: context.get_remaining_time_in_millis }
  when "fail" then raise ArgumentError, "boom"
  when "leave"
    puts "last words"
    event["how"] == "exit" ? exit(3) : Process.kill(event["how"] == "abort" ? :ABRT : :SEGV, Process.pid)
    sleep 60
  when "answer" then event["text"] * event["size"]
  when "shout" then raise ArgumentError, "y" * event["size"]
  when "size" then event["text"].size
  when "trace" then ENV["_X_AMZN_TRACE_ID"]
  when "sleep"
    sleep(event.fetch("seconds", 60))
    "slept"
  when "eat"
    kept = []
    loop { kept << ("x" * 1_000_000) }
  when "write"
    File.write("/tmp/f", "x")
    File.read("/tmp/f")
  when "fill" then File.open("/tmp/large", "wb") { |file| event["megabytes"].times { file.write("\0" * 1_048_576) } }
  when "spoil" then File.write("/var/task/f", "x")
  when "show"
    puts "one"
    system("echo two")
    print "three"
    1
  when "count" then $calls += 1
  when "binary"
    { statusCode: 200, headers: { "content-type" => "application/octet-stream" }, isBase64Encoded: true,
      body: Base64.strict_encode64((0..255).to_a.pack("C*")) }
  when "connect"
    Socket.tcp(event["host"], 80, connect_timeout: 3) { "connected" }
  end
end
