"""The application that Chalice deploys: a plain function, a schedule, a queue and a bucket, without a route."""

from chalice import Chalice

app = Chalice(app_name="shop")


@app.lambda_function()
def price(event, context):
    print("price asked")
    return {"total": sum(event["amounts"])}


@app.schedule("rate(1 minute)")
def tick(event):
    print("tick", event.source)


@app.on_sqs_message(queue="orders", batch_size=2)
def order(event):
    for record in event:
        print("order", record.body)


@app.on_s3_event(bucket="papers", events=["s3:ObjectCreated:*"])
def paper(event):
    print("paper", event.bucket, event.key)
