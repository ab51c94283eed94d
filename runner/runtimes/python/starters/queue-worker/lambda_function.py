"""A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.

Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
When this function raises, the event is tried again after one minute and after two, then it is a dead letter,
to be looked at under Events and sent again.
"""

# An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done.
# So a worker notes what it has finished. This set is only as good as this environment: use a database.
finished = set()


class CannotDo(Exception):
    """An order that no second attempt will mend."""


def lambda_handler(event, context):
    order = event["order"]  # a missing key raises: the event fails and shows up with its error
    if order in finished:
        print(f"order {order} is done already")
        return {"order": order, "state": "already done"}
    if event.get("amount", 0) <= 0:
        raise CannotDo(f"order {order} has no amount")
    print(f"charging {event['amount']} for order {order}")
    finished.add(order)
    return {"order": order, "state": "done"}
