"""S3 for an unmodified SDK and the `aws` command, and a function that is told of an upload and reads it."""

from __future__ import annotations

import io
import json
import os
import time

import boto3
import httpx
import pytest
from botocore.config import Config

from tests.contract_api.commands import aws
from tests.contract_api.refusals import refused
from tests.support.product import ACCOUNT, zipped
from tests.support.sdk_package import sdk_files
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

MB = 1024 * 1024
READS = """
import boto3
from urllib.parse import unquote_plus

def lambda_handler(event, context):
    (record,) = event["Records"]
    bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
    s3 = boto3.client("s3")
    try:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except s3.exceptions.ClientError as error:
        text = error.response["Error"]["Code"]
    else:
        s3.put_object(Bucket=bucket, Key=f"out/{key}", Body=text.upper().encode())
    print("told", record["eventName"], key, text)
"""
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def s3(product):
    return product.client(service="s3")


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="photos")
    s3.get_waiter("bucket_exists").wait(Bucket="photos")
    return "photos"


def test_large_objects_go_in_parts_and_come_back(product, s3, bucket):
    content = os.urandom(MB) * 20
    s3.upload_fileobj(io.BytesIO(content), bucket, "a b/ü+%.bin", ExtraArgs={"Metadata": {"who": "me"}})
    head = s3.head_object(Bucket=bucket, Key="a b/ü+%.bin")
    assert (head["ContentLength"], head["Metadata"]) == (len(content), {"who": "me"})
    assert head["ETag"].endswith('-3"')
    out = io.BytesIO()
    s3.download_fileobj(bucket, "a b/ü+%.bin", out)
    assert out.getvalue() == content
    assert s3.get_object(Bucket=bucket, Key="a b/ü+%.bin")["Body"].read() == content
    s3.copy({"Bucket": bucket, "Key": "a b/ü+%.bin"}, bucket, "copy")
    assert s3.get_object(Bucket=bucket, Key="copy", Range="bytes=-5")["Body"].read() == content[-5:]
    large = refused(s3.put_object, Bucket=bucket, Key="large", Body=bytes(52 * MB))
    assert large[:2] == ("EntityTooLarge", 400)
    assert refused(s3.get_object, Bucket=bucket, Key="large")[:2] == ("NoSuchKey", 404)
    assert refused(s3.get_bucket_acl, Bucket=bucket)[:2] == ("NotImplemented", 501)


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_addresses(product, bucket, version):
    key, secret = product.keys["developer"]
    session = boto3.Session(key, secret, region_name="us-east-1")
    config = Config(signature_version=version) if version else Config()
    s3 = session.client("s3", endpoint_url=product.stack.gateway, config=config)
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "p/ä", "ContentType": "text/x"})
    assert httpx.put(put, content=b"by address", headers={"Content-Type": "text/x"}).status_code == 200
    get = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "p/ä"})
    answer = httpx.get(get)
    assert (answer.content, answer.headers["content-type"]) == (b"by address", "text/x")
    forged = httpx.get(get.replace("p/", "q/"))
    assert forged.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in forged.text
    assert httpx.put(get, content=b"x").status_code == 403
    bare = httpx.get(f"{product.stack.gateway}/{bucket}/p/x")
    assert bare.status_code in {403, 404}


def test_who_may(product, s3, bucket):
    s3.put_object(Bucket=bucket, Key="read", Body=b"x")
    viewer = product.client("viewer", service="s3")
    assert viewer.get_object(Bucket=bucket, Key="read")["Body"].read() == b"x"
    assert refused(viewer.put_object, Bucket=bucket, Key="read", Body=b"y")[:2] == ("AccessDenied", 403)
    wrong = product.client(service="s3", aws_secret_access_key="wrong")
    assert refused(wrong.list_buckets)[:2] == ("SignatureDoesNotMatch", 403)


def test_the_command(product, s3, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "sub" / "b.html").write_text("<p>")
    for path in (tmp_path / "a.txt", tmp_path / "sub" / "b.html"):
        # S3 tells whole seconds: what was written in the second of its upload is newer than its object.
        os.utime(path, (time.time() - 60, time.time() - 60))

    def run(*words):
        done = aws(product, "s3", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("mb", "s3://typed")
    assert run("sync", str(tmp_path), "s3://typed/site", "--no-progress").count("upload:") == 2
    assert run("sync", str(tmp_path), "s3://typed/site", "--no-progress") == ""
    assert "PRE sub/" in run("ls", "s3://typed/site/")
    assert s3.head_object(Bucket="typed", Key="site/sub/b.html")["ContentType"] == "text/html"
    assert run("cp", "s3://typed/site/a.txt", "-") == "a"
    run("rm", "--recursive", "s3://typed/")
    run("rb", "s3://typed")
    assert refused(s3.head_bucket, Bucket="typed")[1] == 404


def test_a_function_reads_what_was_uploaded(product, s3, bucket):
    iam = product.client(service="iam")
    document = {"Version": "2012-10-17", "Statement": [TRUST]}
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(document))

    def let(action, resource):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName="reader", PolicyName=action[3:], PolicyDocument=policy)

    let("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*")
    let("s3:PutObject", f"arn:aws:s3:::{bucket}/out/*")
    files = {**sdk_files("s3"), "lambda_function.py": READS}
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    product.create("reads", zipped(files), Role=role, Timeout=30, MemorySize=256)
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:reads"
    rules = [{"Name": "suffix", "Value": ".txt"}]
    told = [
        {
            "LambdaFunctionArn": arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": rules}},
        }
    ]
    told[0]["Filter"]["Key"]["FilterRules"].append({"Name": "prefix", "Value": "in/"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": told}
    )
    s3.put_object(Bucket=bucket, Key="in/a b.txt", Body=b"hello")
    s3.put_object(Bucket=bucket, Key="in/a.png", Body=b"hello")

    def written():
        return s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents")

    wait_for("the function has written", written, 90)
    assert s3.get_object(Bucket=bucket, Key="out/in/a b.txt")["Body"].read() == b"HELLO"
    iam.delete_role_policy(RoleName="reader", PolicyName="GetObject")
    s3.put_object(Bucket=bucket, Key="in/second.txt", Body=b"hello")
    logs = product.client(service="logs")

    def refused_inside():
        pattern = '"told ObjectCreated:Put in/second.txt AccessDenied"'
        return logs.filter_log_events(logGroupName="/aws/lambda/reads", filterPattern=pattern)["events"]

    wait_for("the function was refused", refused_inside, 90)
    rows = product.rows('select "trigger" from functions_invocation where function_name = ?', "reads")
    assert [row["trigger"] for row in rows] == ["bucket", "bucket"]
