"""Chalice, unmodified: `deploy`, `invoke`, `logs` and `delete` of an application with a function, a schedule, a queue
and a bucket."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract_api.commands import environment
from tests.deployers.programs import done
from tests.deployers.workshop import builder_image, installed
from tests.support.product import ACCOUNT
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
FUNCTIONS = {"shop-dev-price", "shop-dev-tick", "shop-dev-order", "shop-dev-paper"}
SETTINGS = {"version": "2.0", "app_name": "shop", "stages": {"dev": {"lambda_memory_size": 256}}}
# Chalice lets a function run for a minute, and a queue hides messages for at least as long.
HIDDEN = {"VisibilityTimeout": "90"}


@dataclass
class Chalice:
    """The command in its application's folder. Chalice chooses the runtime of the Python that it runs with, so it runs
    with the one whose images every installation has, in its builder's image."""

    product: Any
    folder: Path
    site: Path

    def __call__(self, *words: str, said: str = "") -> str:
        mounts = [*("-v", f"{self.site}:/opt/chalice:ro"), *("-v", f"{self.folder}:/app"), "-w", "/app"]
        exported = [name for name in environment(self.product) if name.startswith("AWS_")]
        given = [word for name in exported for word in ("-e", name)]
        engine = ["docker", "run", "--rm", "-i", "--network", "host", *mounts, *given]
        engine += ["-e", "PYTHONPATH=/opt/chalice", "-e", "HOME=/tmp", builder_image("python3.13")]
        program = ["python3.13", "-B", "/opt/chalice/bin/chalice"]
        return done(self.product, [*engine, *program, *words], folder=self.folder, said=said)


@pytest.fixture(scope="module")
def chalice(product, tmp_path_factory) -> Chalice:
    folder = tmp_path_factory.mktemp("chalice")
    shutil.copy(Path(__file__).parent / "guests" / "chalice_app.py", folder / "app.py")
    (folder / "requirements.txt").touch()
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(json.dumps(SETTINGS))
    return Chalice(product, folder, installed("chalice") / "site")


@pytest.fixture(scope="module")
def deployed(product, chalice) -> Iterator[str]:
    """What `chalice deploy` says; the application is there until the module ends."""
    product.client(service="sqs").create_queue(QueueName="orders", Attributes=HIDDEN)
    product.client(service="s3").create_bucket(Bucket="papers")
    yield chalice("deploy")


def names(product) -> set[str]:
    return {row["FunctionName"] for row in product.client().list_functions()["Functions"]}


def logged(chalice: Chalice, name: str, words: str) -> None:
    wait_for(f"{name} logged {words}", lambda: words in chalice("logs", "-n", name), 120)


def test_deploy_makes_what_the_application_names(product, deployed) -> None:
    assert names(product) >= FUNCTIONS
    for name in FUNCTIONS:
        assert f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}" in deployed
    shown = product.client().get_function(FunctionName="shop-dev-price")
    assert (shown["Configuration"]["MemorySize"], shown["Configuration"]["Runtime"]) == (256, "python3.13")
    assert shown["Tags"]["aws-chalice"].startswith("version=1.34.0")
    role = product.client(service="iam").get_role(RoleName="shop-dev")["Role"]
    assert shown["Configuration"]["Role"] == role["Arn"]


def test_invoke_answers_and_logs_show_what_was_printed(chalice, deployed) -> None:
    assert json.loads(chalice("invoke", "-n", "price", said='{"amounts": [1, 2]}')) == {"total": 3}
    logged(chalice, "price", "price asked")


def test_messages_and_objects_reach_their_functions(product, chalice, deployed) -> None:
    sqs = product.client(service="sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"], MessageBody="a chair")
    product.client(service="s3").put_object(Bucket="papers", Key="bill.txt", Body=b"x")
    logged(chalice, "order", "order a chair")
    logged(chalice, "paper", "paper papers bill.txt")


def test_deploying_again_changes_what_has_changed(product, chalice, deployed) -> None:
    source = chalice.folder / "app.py"
    source.write_text(source.read_text().replace('"total"', '"sum"'))
    assert "Updating lambda function: shop-dev-price" in chalice("deploy")
    assert json.loads(chalice("invoke", "-n", "price", said='{"amounts": [4]}')) == {"sum": 4}


def test_the_schedule_fires(chalice, deployed) -> None:
    logged(chalice, "tick", "tick aws.events")


def test_delete_leaves_nothing(product, chalice, deployed) -> None:
    assert "Deleting IAM role: shop-dev" in chalice("delete")
    assert not names(product) & FUNCTIONS
    assert product.client(service="events").list_rules()["Rules"] == []
    assert product.client().list_event_source_mappings()["EventSourceMappings"] == []
    notifications = product.client(service="s3").get_bucket_notification_configuration(Bucket="papers")
    assert "LambdaFunctionConfigurations" not in notifications
    roles = product.client(service="iam").list_roles()["Roles"]
    assert "shop-dev" not in [role["RoleName"] for role in roles]
