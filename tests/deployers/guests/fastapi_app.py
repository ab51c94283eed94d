"""A FastAPI application as it stands, behind a function URL through Mangum."""

from fastapi import FastAPI, HTTPException, Response
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    """What is ordered, and how many."""

    name: str
    count: int = 1


@app.get("/orders/{number}")
def read(number: int, wide: bool = False):
    if number > 99:
        raise HTTPException(404, "no such order")
    return {"number": number, "wide": wide}


@app.post("/orders", status_code=201)
def make(order: Order, response: Response):
    response.set_cookie("last", order.name)
    return order


@app.get("/picture")
def picture():
    return Response(bytes(range(256)), media_type="image/png")


handler = Mangum(app, lifespan="off")
