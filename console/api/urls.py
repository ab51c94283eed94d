"""Every address of the relay role: all of them are the API's. Lambda's operations have addresses; those of its
neighbours all have the root, or that of a queue; S3's come under a prefix that the gateway puts before them."""

from __future__ import annotations

from django.urls import re_path

from console.api.neighbours import neighbour
from console.api.storage import storage
from console.api.views import operation

urlpatterns = [
    re_path(r"^s3/", storage),
    re_path(r"^(?:[0-9]{12}/[A-Za-z0-9_.-]+/?)?$", neighbour),
    re_path(r"", operation),
]
