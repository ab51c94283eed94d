"""Every address of the relay role: all of them are the API's. Lambda's operations have addresses; those of its
neighbours all have the root."""

from __future__ import annotations

from django.urls import re_path

from console.api.neighbours import neighbour
from console.api.views import operation

urlpatterns = [re_path(r"^$", neighbour), re_path(r"", operation)]
