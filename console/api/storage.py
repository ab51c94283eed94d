"""The door of S3: a relayed call to the operation that its address, query and headers name. Objects come in
piece by piece; the gateway sends them out. Served on web's unix socket only."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import OperationModel
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from console.api.call import Call
from console.api.edge import caller_of, failure, project_of
from console.api.object_body import ObjectBody
from console.api.operations import bucket_lists, bucket_objects, bucket_uploads, buckets
from console.api.permits import check_permitted
from console.api.protocols import rest_xml
from functions.errors import FunctoryError, NotImplementedHere
from functions.ids import new_id
from functions.object_errors import MalformedXML, NotModified
from functions.protocols import FILES, WireProtocol, refusal

log = logging.getLogger(__name__)

OPERATIONS: Mapping[str, Callable[[Call], dict[str, Any]]] = {
    "CreateBucket": buckets.create_bucket,
    "HeadBucket": buckets.head_bucket,
    "ListBuckets": buckets.list_buckets,
    "DeleteBucket": buckets.delete_bucket,
    "GetBucketLocation": buckets.get_bucket_location,
    "GetBucketVersioning": buckets.get_bucket_versioning,
    "ListObjects": bucket_lists.list_objects,
    "ListObjectsV2": bucket_lists.list_objects_v2,
    "ListMultipartUploads": bucket_lists.list_multipart_uploads,
    "PutBucketNotificationConfiguration": buckets.put_bucket_notification_configuration,
    "GetBucketNotificationConfiguration": buckets.get_bucket_notification_configuration,
    "PutObject": bucket_objects.put_object,
    "GetObject": bucket_objects.get_object,
    "HeadObject": bucket_objects.head_object,
    "CopyObject": bucket_objects.copy_object,
    "DeleteObject": bucket_objects.delete_object,
    "DeleteObjects": bucket_objects.delete_objects,
    "CreateMultipartUpload": bucket_uploads.create_multipart_upload,
    "UploadPart": bucket_uploads.upload_part,
    "UploadPartCopy": bucket_uploads.upload_part_copy,
    "CompleteMultipartUpload": bucket_uploads.complete_multipart_upload,
    "AbortMultipartUpload": bucket_uploads.abort_multipart_upload,
    "ListParts": bucket_lists.list_parts,
}
_GONE = frozenset({"DeleteBucket", "DeleteObject", "AbortMultipartUpload"})  # answered with 204


@csrf_exempt  # programs, not browsers: the signature was checked by the gateway
@login_not_required
def storage(request: HttpRequest) -> HttpResponse:
    """Any operation of S3."""
    request_id = str(new_id())
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = ObjectBody(request, headers)
    try:
        answer = _answer(request, headers, body)
    except FunctoryError as error:
        answer = _refused(error, request_id)
    except Exception as error:
        log.exception("S3 failed: %s", request.method)
        answer = _refused(failure(error), request_id)
    body.drain()
    answer["x-amz-request-id"] = request_id
    return answer


def _answer(request: HttpRequest, headers: Mapping[str, str], body: ObjectBody) -> HttpResponse:
    principal = caller_of(request)
    address = rest_xml.address_of(headers.get("x-functory-path", request.path_info))
    query = request.GET.dict()
    model = rest_xml.match(request.method or "", address, query, headers)
    operation = OPERATIONS.get(model.name)
    if operation is None:
        raise NotImplementedHere(f"Functory does not have s3:{model.name}.")
    parameters = rest_xml.parse(model, address, query, headers)
    if named := rest_xml.takes_xml(model):
        parameters[named] = _document(model, named, body)
    parameters["Body"] = body
    call = Call(principal, project_of(principal), parameters, headers.get("x-amzn-trace-id", ""))
    if model.name != "DeleteObjects":  # which asks for each key
        check_permitted(call, f"s3:{model.name}")
    return _written(model, operation(call))


def _document(model: OperationModel, name: str, body: ObjectBody) -> Any:
    """The body as XML, held against its checksum like any; None where there is none."""
    pieces, size = [], 0
    for piece in body.pieces():
        pieces.append(piece)
        size += len(piece)
        if size > rest_xml.LARGEST_XML:
            raise MalformedXML("The XML you provided is too large")
    return rest_xml.parse_xml(rest_xml.shapes_of(model.input_shape)[name], b"".join(pieces)) if size else None


def _written(model: OperationModel, result: dict[str, Any]) -> HttpResponse:
    slices = result.pop("Body", None)
    headers = rest_xml.write_headers(model, result)
    status = 204 if model.name in _GONE else 206 if result.get("ContentRange") else 200
    if slices is not None:  # bytes that no thread of web has to wait with for a slow client
        del headers["Content-Length"]  # the gateway's to say: this body is another
        return HttpResponse(json.dumps(slices), status=status, headers={**headers, FILES: "1"})
    content = rest_xml.write_body(model, result)
    answer = HttpResponse(content, status=status, headers=headers)
    if content:
        answer["Content-Type"] = rest_xml.XML_TYPE
    elif "Content-Type" not in headers:
        del answer["Content-Type"]
    return answer


def _refused(error: FunctoryError, request_id: str) -> HttpResponse:
    shown = refusal(WireProtocol.REST_XML, error, request_id)
    body = b"" if isinstance(error, NotModified) else shown.body
    return HttpResponse(body, status=shown.status, headers=dict(shown.headers))
