"""Buckets: list and create, browse one, upload and download, and the page of an object."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_POST

from console import bucket_rows
from console.confirming import require_typed
from console.forms import Form
from console.http import Place, project_view
from console.snippets import aws
from functions.errors import FunctoryError, InvalidParameterValue
from functions.installation import object_files
from functions.limits import MB
from functions.models import Bucket
from functions.object_errors import EntityTooLarge
from functions.object_files import slices_of
from functions.queries import objects as queries
from functions.services import bucket_care as care
from functions.services import buckets as services
from functions.states import Role

ROWS_AT_ONCE = 100
LARGEST_UPLOAD = 1024 * MB  # by the browser; programs send more in parts
MOST_AT_ONCE = 100
BLOCK = 256 * 1024
OPAQUE = "application/octet-stream"


@project_view()
def listing(request: HttpRequest, place: Place) -> HttpResponse:
    """The project's buckets; POST makes one."""
    form, status = Form({"name": ""}), 200
    if request.method == "POST":
        place.require(Role.DEVELOPER)
        form = Form.read(request.POST, ("name",))
        try:
            made = services.create_bucket(
                acting=place.principal, project=place.project, name=form.text("name")
            )
        except FunctoryError as error:
            form.refuse(error)
            status = error.status
        else:
            messages.info(request, f"{made.name} takes objects.")
            return redirect("bucket", place.account, made.name)
    shown = {
        "buckets": queries.buckets_of(place.project.pk),
        "form": form,
        "command": aws(settings.FUNCTORY, "s3", "ls"),
    }
    return render(request, "buckets/listing.html", shown, status=status)


@project_view()
def page(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """The folders and files below a prefix."""
    return _page(request, _bucket(place, name))


@require_POST
@project_view(role=Role.DEVELOPER)
def upload(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Put the chosen files into the folder that was typed."""
    bucket = _bucket(place, name)
    form = Form({"folder": request.POST.get("folder", "").strip(), "files": ""})
    files = cast("list[UploadedFile[Any]]", request.FILES.getlist("files"))
    try:
        folder = _folder(form.text("folder"))
        _check_files(files)
        for file in files:
            care.put_file(
                acting=place.principal,
                bucket=bucket,
                key=f"{folder}{file.name}",
                body=file.chunks(BLOCK),
                content_type=file.content_type or OPAQUE,
            )
    except FunctoryError as error:
        form.refuse(error)
        return _page(request, bucket, status=error.status, form=form)
    messages.info(request, f"{len(files):,} file{'' if len(files) == 1 else 's'} uploaded.")
    return redirect(_address(place, bucket, folder))


@project_view()
def item(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """One object: what is known of it, its download, its end."""
    return _item(request, _bucket(place, name))


@project_view()
def download(request: HttpRequest, place: Place, name: str) -> StreamingHttpResponse:
    """An object's bytes, to be saved: on this origin nobody's HTML is shown."""
    row = queries.object_at(_bucket(place, name), request.GET.get("key", ""))
    try:
        blocks = object_files().read(slices_of(row.pieces, 0, row.size))
    except FileNotFoundError:
        raise Http404 from None
    answer = StreamingHttpResponse(blocks, content_type=OPAQUE)
    answer["Content-Length"] = str(row.size)
    answer["Content-Disposition"] = (
        content_disposition_header(True, bucket_rows.name_of(row.name)) or "attachment"
    )
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@require_POST
@project_view(role=Role.DEVELOPER)
def delete_object(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Delete an object, once its name was typed."""
    bucket, key = _bucket(place, name), request.POST.get("key", "")
    wanted = bucket_rows.name_of(key)
    try:
        require_typed(request, wanted)
        care.delete_file(acting=place.principal, bucket=bucket, key=key)
    except InvalidParameterValue as error:
        return _item(request, bucket, status=error.status, delete_problem=error.message)
    messages.info(request, f"{wanted} is deleted.")
    return redirect(_address(place, bucket, key.removesuffix(wanted)))


@require_POST
@project_view(role=Role.DEVELOPER)
def delete(request: HttpRequest, place: Place, name: str) -> HttpResponse:
    """Remove an empty bucket, once its name was typed."""
    bucket = _bucket(place, name)
    try:
        require_typed(request, bucket.name)
        services.delete_bucket(acting=place.principal, bucket=bucket)
    except FunctoryError as error:
        return _page(request, bucket, status=error.status, delete_problem=error.message)
    messages.info(request, f"{name} is deleted.")
    return redirect("buckets", place.account)


def _bucket(place: Place, name: str) -> Bucket:
    return queries.bucket_named(project_id=place.project.pk, name=name)


def _address(place: Place, bucket: Bucket, prefix: str) -> str:
    query = f"?{urlencode({'prefix': prefix})}" if prefix else ""
    return reverse("bucket", args=[place.account, bucket.name]) + query


def _folder(typed: str) -> str:
    """A prefix that ends a folder; "" for the bucket itself."""
    plain = typed.strip("/")
    return f"{plain}/" if plain else ""


def _check_files(files: list[UploadedFile[Any]]) -> None:
    if not files:
        raise InvalidParameterValue("Choose at least one file first.", field="files")
    if len(files) > MOST_AT_ONCE:
        raise InvalidParameterValue(f"At most {MOST_AT_ONCE} files come at once.", field="files")
    if any((file.size or 0) > LARGEST_UPLOAD for file in files):
        raise EntityTooLarge(
            f"The browser uploads at most {LARGEST_UPLOAD // MB:,} MB a file. Larger ones go with aws s3 cp.",
            field="files",
        )


def _page(request: HttpRequest, bucket: Bucket, *, status: int = 200, **more: Any) -> HttpResponse:
    prefix, marker = request.GET.get("prefix", ""), request.GET.get("marker", "")
    found = queries.objects_from(
        bucket, prefix=prefix, delimiter=bucket_rows.DELIMITER, after=_marker(marker), most=ROWS_AT_ONCE
    )
    shown = {
        "bucket": bucket,
        "prefix": prefix,
        "crumbs": bucket_rows.crumbs(prefix),
        "first": not marker,
        **bucket_rows.rows_of(found, prefix),
        "told": bucket_rows.told_of(bucket),
        "form": Form({"folder": prefix.rpartition(bucket_rows.DELIMITER)[0]}),
        "command": aws(settings.FUNCTORY, "s3", "ls", f"s3://{bucket.name}/{prefix}"),
        **more,
    }
    return render(request, "buckets/bucket.html", shown, status=status)


def _item(request: HttpRequest, bucket: Bucket, *, status: int = 200, **more: Any) -> HttpResponse:
    row = queries.object_at(bucket, request.GET.get("key", "") or request.POST.get("key", ""))
    address = f"s3://{bucket.name}/{row.name}"
    shown = {
        "bucket": bucket,
        "object": row,
        "name": bucket_rows.name_of(row.name),
        "crumbs": bucket_rows.crumbs(row.name),
        "address": address,
        "told": sorted(row.headers.items()),
        "command": aws(settings.FUNCTORY, "s3", "cp", address, "."),
        **more,
    }
    return render(request, "buckets/object.html", shown, status=status)


def _marker(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
        found.decode()
    except ValueError:
        raise InvalidParameterValue("The page marker is not valid.") from None
    return found
