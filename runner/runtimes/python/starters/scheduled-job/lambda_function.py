"""A job that a schedule runs. It stops in time, and says in its answer how far it came."""

import time

# Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
RESERVE_MS = 500


def lambda_handler(event, context):
    items = [f"item-{number}" for number in range(event.get("items", 3))]
    done = []
    for item in items:
        if context.get_remaining_time_in_millis() < RESERVE_MS:
            print(f"stopping early: {len(items) - len(done)} left for the next run")
            break
        work_on(item)
        done.append(item)
    print(f"done with {len(done)} of {len(items)}")
    return {"done": done, "left": len(items) - len(done)}


def work_on(item):
    """Replace this with real work. A job may be run twice, so let a second run do no harm."""
    print(f"working on {item}")
    time.sleep(0.05)
