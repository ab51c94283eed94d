"""Code that lies in a bucket: for functions and layers, under the caller's own rights, and each way it can fail."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest

from functions.limits import ZIP
from functions.models import Function, LayerVersion, StoredObject
from functions.queries.access import person_principal
from functions.states import Role
from tests.console.api.neighbours import neighbour_of
from tests.console.api.sdk import create, refused, sdk_of, settle, zipped
from tests.console.api.storage import s3_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
AT = {"S3Bucket": "code", "S3Key": "apps/one.zip"}


def sha256(package: bytes) -> str:
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


@pytest.fixture
def s3(project, principal):
    found = s3_of(principal)
    found("CreateBucket", Bucket="code")
    found("PutObject", Bucket="code", Key="apps/one.zip", Body=zipped())
    return found


def test_a_function_is_made_and_changed_from_a_bucket(sdk, s3, principal) -> None:
    made = create(sdk, Code=AT)
    assert made["CodeSha256"] == sha256(zipped())
    settle(principal)
    s3("PutObject", Bucket="code", Key="two.zip", Body=zipped("x = 2"))
    dry = sdk("UpdateFunctionCode", FunctionName="hello", DryRun=True, S3Bucket="code", S3Key="two.zip")
    assert dry["CodeSha256"] == sha256(zipped("x = 2"))
    more = {"S3ObjectVersion": "null", "S3ObjectStorageMode": "COPY"}
    changed = sdk("UpdateFunctionCode", FunctionName="hello", S3Bucket="code", S3Key="two.zip", **more)
    assert (changed["CodeSha256"], changed["LastUpdateStatus"]) == (sha256(zipped("x = 2")), "InProgress")
    s3("DeleteObject", Bucket="code", Key="two.zip")  # what is taken is kept
    settle(principal)
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    assert shown["CodeSha256"] == sha256(zipped("x = 2"))


def test_a_layer_is_published_from_a_bucket(sdk, s3) -> None:
    made = sdk("PublishLayerVersion", LayerName="shared", Content=AT)
    assert made["Content"]["CodeSha256"] == sha256(zipped())
    gone = {"S3Bucket": "code", "S3Key": "gone.zip"}
    told = refused(lambda: sdk("PublishLayerVersion", LayerName="shared", Content=gone))
    assert (told.status, told.code) == (400, "InvalidParameterValueException")
    assert LayerVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({**AT, "S3Key": "none"}, "Error occurred while GetObject. S3 Error Code: NoSuchKey."),
        ({**AT, "S3Bucket": "none"}, "Error occurred while GetObject. S3 Error Code: NoSuchBucket."),
        ({"S3Bucket": "code"}, "S3Bucket and S3Key are needed both"),
        ({"S3Key": "apps/one.zip"}, "S3Bucket and S3Key are needed both"),
        ({**AT, "ZipFile": zipped()}, "Please do not provide other FunctionCode parameters"),
        ({**AT, "S3ObjectVersion": "3"}, "its buckets keep no versions"),
        ({**AT, "S3ObjectStorageMode": "REFERENCE"}, "S3ObjectStorageMode is COPY alone"),
        (
            {**AT, "SourceKMSKeyArn": "arn:aws:kms:us-east-1:000000000001:key/k"},
            "SourceKMSKeyArn is not supported",
        ),
        ({"S3Bucket": "code", "S3Key": "no-zip"}, "Could not unzip uploaded file."),
    ],
)
def test_what_is_no_package_is_refused_and_nothing_is_made(sdk, s3, code, words) -> None:
    s3("PutObject", Bucket="code", Key="no-zip", Body=b"no zip")
    told = refused(lambda: create(sdk, Code=code))
    assert (told.status, told.code) == (400, "InvalidParameterValueException")
    assert words in told.message
    assert not Function.objects.exists()


def test_a_zip_from_a_bucket_is_no_larger_than_one_sent(sdk, s3) -> None:
    StoredObject.objects.update(size=ZIP + 1)
    told = refused(lambda: create(sdk, Code=AT))
    assert (told.status, told.code) == (413, "RequestTooLargeException")


def test_a_role_needs_the_right_to_read_the_object(sdk, s3, principal) -> None:
    iam = neighbour_of(principal, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam("CreateRole", RoleName="ci", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))

    def allow(*actions: str) -> None:
        stated = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": stated})
        iam("PutRolePolicy", RoleName="ci", PolicyName="p", PolicyDocument=document)

    allow("lambda:*", "iam:PassRole")
    deployer = sdk_of(replace(principal, kind="role", name="ci/f", role=Role.DEVELOPER))
    told = refused(lambda: create(deployer, Code=AT))
    assert (told.status, told.code) == (403, "AccessDeniedException")
    assert told.message.startswith("Your access has been denied by S3")
    allow("lambda:*", "iam:PassRole", "s3:GetObject")
    assert create(deployer, Code=AT)["State"] == "Pending"


def test_a_viewer_makes_nothing_of_what_they_may_read(s3, project, user) -> None:
    viewer = sdk_of(person_principal(user, project, Role.VIEWER))
    assert refused(lambda: create(viewer, Code=AT)).status == 403
    assert refused(lambda: viewer("PublishLayerVersion", LayerName="shared", Content=AT)).status == 403
    assert not Function.objects.exists()
