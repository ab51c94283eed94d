"""AWS Lambda Powertools for Python: routes of a function URL, structured logs, metrics in the log's own format, and
messages of a queue in parts."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

logger = Logger(service="shop")
metrics = Metrics(namespace="Shop", service="orders")
app = LambdaFunctionUrlResolver()
processor = BatchProcessor(event_type=EventType.SQS)


@app.get("/orders/<number>")
def read(number):
    if number == "404":
        raise NotFoundError("no such order")
    logger.info("order read", extra={"number": number})
    metrics.add_metric(name="Read", unit=MetricUnit.Count, value=1)
    return {"number": number, "wide": app.current_event.get_query_string_value("wide", "no")}


@app.post("/orders")
def make():
    return {"made": app.current_event.json_body["name"]}, 201


@logger.inject_lambda_context(log_event=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)


def taken(record):
    if record.body == "broken":
        raise ValueError("this one is broken")
    print("taken", record.body)


def batch(event, context):
    return process_partial_response(event=event, record_handler=taken, processor=processor, context=context)
