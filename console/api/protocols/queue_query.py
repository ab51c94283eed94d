"""SQS in the query protocol, as SDKs of before November 2023 speak it: what the shapes of today's model were called
on the wire. Pure.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ServiceModel

NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
# A map's name on the wire, and those of its keys and values.
_MAPS = {
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}


def query_model(description: Mapping[str, Any]) -> ServiceModel:
    """The model that is read and written by the query protocol."""
    metadata = {**description["metadata"], "protocol": "query", "xmlNamespace": NAMESPACE}
    shapes = {name: _named(name, shape) for name, shape in description["shapes"].items()}
    return ServiceModel({**description, "metadata": metadata, "shapes": shapes}, "sqs")


def with_address(form: Mapping[str, str], path: str, origin: str) -> dict[str, str]:
    """The fields of a request that was sent to a queue's own address, which then says the queue."""
    if path.strip("/") and "QueueUrl" not in form:
        return {**form, "QueueUrl": f"{origin}{path}"}
    return dict(form)


def _named(name: str, shape: Mapping[str, Any]) -> Mapping[str, Any]:
    if not shape.get("flattened"):
        return shape
    if shape["type"] == "list":  # AttributeNameList is sent as AttributeName.1, AttributeName.2
        return {**shape, "member": {**shape["member"], "locationName": name.removesuffix("List")}}
    own, key, value = _MAPS[name]
    return {
        **shape,
        "locationName": own,
        "key": {**shape["key"], "locationName": key},
        "value": {**shape["value"], "locationName": value},
    }
