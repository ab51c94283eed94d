# A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.
#
# Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
# When this function raises, the event is tried again after one minute and after two, then it is a dead letter,
# to be looked at under Events and sent again.
require "set"

# An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done.
# So a worker notes what it has finished. This set is only as good as this environment: use a database.
FINISHED = Set.new

# An order that no second attempt will mend.
class CannotDo < StandardError
end

def lambda_handler(event:, context:)
  order = event.fetch("order") # a missing key raises: the event fails and shows up with its error
  if FINISHED.include?(order)
    puts "order #{order} is done already"
    return { order: order, state: "already done" }
  end
  raise CannotDo, "order #{order} has no amount" unless event.fetch("amount", 0).positive?

  puts "charging #{event["amount"]} for order #{order}"
  FINISHED << order
  { order: order, state: "done" }
end
