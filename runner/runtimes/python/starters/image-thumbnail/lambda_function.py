"""Thumbnails over HTTP: POST an image, get a small one back. `?size=` is its longest side in pixels.

requirements.txt names Pillow: it is installed once, at deploy, and not again until that file changes.

    curl --data-binary @photo.jpg -H 'content-type: image/jpeg' 'https://.../?size=200' -o small.jpg
"""

import base64
import io
import json

from PIL import Image, ImageOps, UnidentifiedImageError

SIZES = range(16, 1025)
DEFAULT_SIZE = 128
# A picture of a few kilobytes can unpack to gigabytes. Its header tells the size before a pixel is read.
MOST_PIXELS = 40_000_000


def lambda_handler(event, context):
    asked = (event.get("queryStringParameters") or {}).get("size", str(DEFAULT_SIZE))
    if not asked.isdecimal() or int(asked) not in SIZES:
        return refuse(400, f"size goes from {SIZES.start} to {SIZES.stop - 1}.")
    # Bytes come as base64 in an event, since JSON has only text; the answer goes back the same way.
    body = base64.b64decode(event.get("body") or "") if event.get("isBase64Encoded") else b""
    try:
        image = Image.open(io.BytesIO(body))
    except UnidentifiedImageError:
        return refuse(415, "The body is not an image that can be read.")
    if image.width * image.height > MOST_PIXELS:
        return refuse(413, f"The image has more than {MOST_PIXELS:,} pixels.")
    return shrink(image, int(asked))


def shrink(image, size):
    kind = "PNG" if image.format == "PNG" else "JPEG"
    print(f"{image.format} of {image.width} x {image.height} to at most {size}")
    try:
        image.draft("RGB", (size, size))  # a JPEG can be read at an eighth of its size, in a fraction of the time
        small = ImageOps.exif_transpose(image)  # a phone's picture may lie on its side and say so
    except OSError:
        return refuse(415, "The image ends too early.")
    small.thumbnail((size, size))
    out = io.BytesIO()
    (small if kind == "PNG" else small.convert("RGB")).save(out, kind)
    return {
        "statusCode": 200,
        "headers": {"content-type": f"image/{kind.lower()}"},
        "body": base64.b64encode(out.getvalue()).decode(),
        "isBase64Encoded": True,
    }


def refuse(status, reason):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"error": reason}),
    }
