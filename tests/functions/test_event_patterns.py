"""EventBridge's event patterns, and what targets get of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.errors import InvalidEventPattern, Validation
from functions.event_inputs import check_input, input_of
from functions.event_patterns import read_event_pattern

EVENT = {
    "source": "shop.orders",
    "detail-type": "Order placed",
    "time": "2026-01-31T12:00:00Z",
    "resources": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
    "detail": {
        "state": "Paid",
        "total": 12.5,
        "count": 3,
        "gift": True,
        "note": None,
        "none": [],
        "address": "10.1.2.3",
        "file": "in/2026/a*b.png",
        "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}],
    },
}


@pytest.mark.parametrize(
    ("detail", "meant"),
    [
        ({"state": ["Paid"]}, True),
        ({"state": ["paid"]}, False),
        ({"state": ["Open", "Paid"]}, True),
        ({"total": [12.5]}, True),
        ({"count": [3.0]}, True),
        ({"count": ["3"]}, False),
        ({"gift": [True]}, True),
        ({"gift": [1]}, False),
        ({"count": [True]}, False),
        ({"note": [None]}, True),
        ({"gone": [None]}, False),
        ({"state": ["Paid"], "count": [4]}, False),
        ({"state": [{"prefix": "Pa"}]}, True),
        ({"state": [{"prefix": "pa"}]}, False),
        ({"state": [{"prefix": {"equals-ignore-case": "PA"}}]}, True),
        ({"state": [{"suffix": "id"}]}, True),
        ({"state": [{"suffix": {"equals-ignore-case": "ID"}}]}, True),
        ({"count": [{"prefix": "3"}]}, False),
        ({"state": [{"equals-ignore-case": "pAID"}]}, True),
        ({"state": [{"anything-but": "Open"}]}, True),
        ({"state": [{"anything-but": ["Open", "Paid"]}]}, False),
        ({"gone": [{"anything-but": "Open"}]}, False),
        ({"state": [{"anything-but": {"prefix": "Pa"}}]}, False),
        ({"state": [{"anything-but": {"suffix": ["x", "y"]}}]}, True),
        ({"state": [{"anything-but": {"wildcard": "P*d"}}]}, False),
        ({"count": [{"anything-but": 4}]}, True),
        ({"total": [{"numeric": [">", 10]}]}, True),
        ({"total": [{"numeric": [">", 0, "<=", 12]}]}, False),
        ({"total": [{"numeric": ["=", 12.5]}]}, True),
        ({"state": [{"numeric": [">", 0]}]}, False),
        ({"gift": [{"numeric": [">", 0]}]}, False),
        ({"state": [{"exists": True}]}, True),
        ({"gone": [{"exists": True}]}, False),
        ({"gone": [{"exists": False}]}, True),
        ({"note": [{"exists": True}]}, True),
        ({"none": [{"exists": True}]}, False),
        ({"address": [{"cidr": "10.0.0.0/8"}]}, True),
        ({"address": [{"cidr": "11.0.0.0/8"}]}, False),
        ({"state": [{"cidr": "11.0.0.0/8"}]}, False),
        ({"file": [{"wildcard": "in/*.png"}]}, True),
        ({"file": [{"wildcard": "in/*/a\\*b.png"}]}, True),
        ({"file": [{"wildcard": "in/*/a\\*c.png"}]}, False),
        ({"file": [{"wildcard": "in/?*"}]}, False),
        ({"items": {"sku": ["y"]}}, True),
        ({"items": {"sku": ["z"]}}, False),
        ({"items": {"sku": ["x"], "n": [2]}}, False),
        ({"$or": [{"state": ["Open"]}, {"count": [3]}]}, True),
        ({"$or": [{"state": ["Open"]}, {"count": [4]}]}, False),
        ({"deeper": {"gone": [{"exists": False}]}}, True),
        ({"deeper": {"gone": ["x"]}}, False),
    ],
)
def test_patterns_of_the_detail(detail: dict[str, Any], meant: bool) -> None:
    assert read_event_pattern(json.dumps({"detail": detail}))(EVENT) is meant


def test_patterns_of_the_envelope() -> None:
    def meant(**pattern: Any) -> bool:
        return read_event_pattern(json.dumps(pattern))(EVENT)

    assert meant(source=["shop.orders"])
    assert not meant(source=["other"])
    assert meant(resources=[{"suffix": ":b"}], source=[{"prefix": "shop."}])
    assert not meant(resources=["arn:aws:s3:::c"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"source": "x"}',
        '{"source": []}',
        '{"source": [["x"]]}',
        '{"detail": {}}',
        '{"source": [{"like": "x"}]}',
        '{"source": [{"prefix": 1}]}',
        '{"source": [{"prefix": "a", "suffix": "b"}]}',
        '{"source": [{"exists": "yes"}]}',
        '{"source": [{"cidr": "nowhere"}]}',
        '{"source": [{"numeric": [">"]}]}',
        '{"source": [{"numeric": ["~", 1]}]}',
        '{"source": [{"numeric": [">", "1"]}]}',
        '{"source": [{"wildcard": "a**b"}]}',
        '{"source": [{"anything-but": []}]}',
        '{"source": [{"anything-but": [null]}]}',
        '{"source": [{"anything-but": {"numeric": []}}]}',
        '{"$or": []}',
        '{"a":' * 100 + "1" + "}" * 100,
        "[" * 100_000,
    ],
)
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(InvalidEventPattern, match="Event pattern is not valid"):
        read_event_pattern(text)


ARN = "arn:aws:events:us-east-1:000000000001:rule/orders"


@pytest.mark.parametrize(
    ("target", "given"),
    [
        ({}, EVENT),
        ({"Input": '{"a": 1}'}, {"a": 1}),
        ({"InputPath": "$.detail.items[1].sku"}, "y"),
        ({"InputPath": "$"}, EVENT),
        ({"InputPath": "$.gone"}, None),
        ({"InputTransformer": {"InputTemplate": '{"rule": "<aws.events.rule-name>"}'}}, {"rule": "orders"}),
        ({"InputTransformer": {"InputTemplate": "<aws.events.event.json>"}}, EVENT),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"s": "$.detail.state", "n": "$.detail.count", "i": "$.detail.items[0]"},
                    "InputTemplate": '{"text": "it is <s>, \\"<n>\\" of <i>", "n": <n>, "item": <i>, "s": <s>}',
                }
            },
            {
                "text": 'it is Paid, "3" of {"sku": "x", "n": 1}',
                "n": 3,
                "item": {"sku": "x", "n": 1},
                "s": "Paid",
            },
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"g": "$.gone"},
                    "InputTemplate": '["<g>", <g>, <other>]',
                }
            },
            ["", "", ""],
        ),
    ],
)
def test_what_a_target_gets(target: dict[str, Any], given: object) -> None:
    if "<other>" not in json.dumps(target):
        check_input(target)
    assert json.loads(input_of(target, EVENT, ARN)) == given


@pytest.mark.parametrize(
    "target",
    [
        {"Input": "{"},
        {"InputPath": "detail"},
        {"InputPath": "$.a["},
        {"Input": "1", "InputPath": "$"},
        {"InputTransformer": {"InputTemplate": "plain text <a>", "InputPathsMap": {"a": "$.a"}}},
        {"InputTransformer": {"InputTemplate": '"<a>"', "InputPathsMap": {"a": "a"}}},
    ],
)
def test_what_no_target_can_get(target: dict[str, Any]) -> None:
    with pytest.raises(Validation):
        check_input(target)
