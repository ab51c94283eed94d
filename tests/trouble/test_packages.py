"""Trouble with zips: each is refused with its reason in the API and on the console, and what runs goes on."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import botocore.exceptions
import pytest

from functions.limits import MB, UNPACKED, ZIP
from tests.support.product import ACCOUNT, ECHO, zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


def too_large() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("lambda_function.py", bytes(ZIP))
    return buffer.getvalue()


def too_large_unpacked() -> bytes:
    """A bomb: a quarter of a megabyte that would become over 250 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("zeros", "w") as entry:
            for _ in range(UNPACKED // MB + 1):
                entry.write(bytes(MB))
    return buffer.getvalue()


def lying() -> bytes:
    """A bomb that declares one byte and holds a megabyte."""
    data = bytearray(zipped({"a": bytes(MB)}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1).to_bytes(4, "little")
    data[22:26] = (1).to_bytes(4, "little")
    return bytes(data)


def overlapping() -> bytes:
    """A bomb in the manner of Fifield: the bytes of one entry are the content of another as well
    (https://www.usenix.org/conference/woot19/presentation/fifield)."""
    inner = zipped({"b": bytes(MB)})
    directory = inner.index(b"PK\x01\x02")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", inner[:directory])
    outer = buffer.getvalue()
    first = outer.index(b"PK\x01\x02", outer.index(b"PK\x03\x04", 4) + directory)
    end = outer.index(b"PK\x05\x06", first)
    second = bytearray(inner[directory : inner.index(b"PK\x05\x06")])
    second[42:46] = struct.pack("<I", outer.index(inner[:directory]))
    tail = bytearray(outer[end:])
    tail[8:16] = struct.pack("<HHI", 2, 2, end - first + len(second))
    return outer[:end] + bytes(second) + bytes(tail)


PACKAGES = {
    "too large": (too_large, "50 MB"),
    "too large unpacked": (too_large_unpacked, "Unzipped size"),
    "lying about its size": (lying, "a:"),
    "overlapping": (overlapping, "verlap"),
    "no zip": (lambda: b"this is not a zip", "unzip"),
    "absolute path": (lambda: zipped({"/etc/passwd": "x"}), "etc/passwd"),
    "path out": (lambda: zipped({"a/../../out": "x"}), ".."),
    "link out": (lambda: zipped({"out": "../../etc"}, modes={"out": stat.S_IFLNK | 0o777}), "out"),
    "absolute link": (lambda: zipped({"out": "/etc"}, modes={"out": stat.S_IFLNK | 0o777}), "outside"),
    "device file": (lambda: zipped({"disk": ""}, modes={"disk": stat.S_IFBLK | 0o666}), "device"),
    "pipe": (lambda: zipped({"pipe": ""}, modes={"pipe": stat.S_IFIFO | 0o666}), "device"),
}


@pytest.fixture(scope="module")
def packed(product) -> str:
    product.create("packed")
    return "packed"


@pytest.mark.parametrize("kind", PACKAGES)
def test_a_package_in_trouble(product, packed, kind):
    make, words = PACKAGES[kind]
    package = make()
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        product.client().update_function_code(FunctionName=packed, ZipFile=package)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] in {400, 413}
    assert words in response["Error"]["Message"]
    page = product.post(f"functions/{packed}/upload", files={"zip": ("code.zip", package)})
    assert "was not taken" in page.text or page.status_code == 413, page.text[:300]
    assert words in page.text
    kept = product.refusal(response["ResponseMetadata"]["RequestId"])
    assert (kept["function_name"], kept["error_type"]) == (packed, response["Error"]["Code"])
    assert words in kept["message"]
    assert product.call(packed, {"n": 1})["payload"] == {"n": 1}


def test_a_zip_inside_a_zip_is_a_file_like_any_other(product, packed):
    """Nobody unpacks it, so that what it would become does not matter."""
    code = "import os\ndef lambda_handler(event, context):\n    return os.path.getsize('inner.zip')\n"
    inner = too_large_unpacked()
    client = product.client()
    client.update_function_code(
        FunctionName=packed, ZipFile=zipped({"lambda_function.py": code, "inner.zip": inner})
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=packed, WaiterConfig={"Delay": 1})
    assert product.call(packed)["payload"] == len(inner)
    client.update_function_code(FunctionName=packed, ZipFile=zipped({"lambda_function.py": ECHO}))
    client.get_waiter("function_updated_v2").wait(FunctionName=packed, WaiterConfig={"Delay": 1})


def test_a_good_zip_is_taken(product, packed):
    package = zipped({"lambda_function.py": "def lambda_handler(event, context):\n    return 'good'\n"})
    page = product.post(f"functions/{packed}/upload", files={"zip": ("code.zip", package)})
    assert "code.zip is the code now" in page.text
    assert page.url.path == f"/p/{ACCOUNT}/functions/{packed}/code"
