"""Addresses of the settings. Below /p/<account>/settings."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views import audit, keys, people, settings

urlpatterns: list[URLPattern] = [
    path("settings", settings.index, name="settings"),
    path("settings/project", settings.project, name="project_settings"),
    path("settings/limits", settings.limits_page, name="limits"),
    path("settings/about", settings.about, name="about"),
    path("settings/keys", keys.listing, name="keys"),
    path("settings/keys/<str:key_id>/revoke", keys.revoke, name="key_revoke"),
    path("settings/people", people.listing, name="people"),
    path("settings/people/<uuid:user_id>/role", people.change_role, name="person_role"),
    path("settings/people/<uuid:user_id>/remove", people.remove, name="person_remove"),
    path("settings/audit", audit.listing, name="audit"),
]
