"""Every address of the relay role: all of them are the API's."""

from __future__ import annotations

from django.urls import re_path

from console.api.views import operation

urlpatterns = [re_path(r"", operation)]
