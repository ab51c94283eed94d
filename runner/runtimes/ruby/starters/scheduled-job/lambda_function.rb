# A job that a schedule runs. It stops in time, and says in its answer how far it came.

# Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
RESERVE_MS = 500

def lambda_handler(event:, context:)
  items = Array.new(event.fetch("items", 3)) { |number| "item-#{number}" }
  done = []
  items.each do |item|
    if context.get_remaining_time_in_millis < RESERVE_MS
      puts "stopping early: #{items.size - done.size} left for the next run"
      break
    end
    work_on(item)
    done << item
  end
  puts "done with #{done.size} of #{items.size}"
  { done: done, left: items.size - done.size }
end

# Replace this with real work. A job may be run twice, so let a second run do no harm.
def work_on(item)
  puts "working on #{item}"
  sleep 0.05
end
