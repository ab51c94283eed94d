# A first function. Functory calls lambda_handler once for each event.

# Code out here runs once for each new execution environment (a cold start), before the first event.
# Open connections and load files here: later calls find them ready.
$greetings = 0

# Takes an event, gives back anything that can be written as JSON.
#
# event:    what the caller sent: for a test, the JSON you wrote
# context:  about this call: context.aws_request_id, context.get_remaining_time_in_millis, ...
def lambda_handler(event:, context:)
  $greetings += 1

  # Whatever is printed goes to the log of this call.
  name = event.fetch("name", "world")
  puts "greeting #{name}, number #{$greetings} of this environment"

  { message: "Hello, #{name}", request_id: context.aws_request_id }
end
