"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from functions.collector import spare_the_collector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()
spare_the_collector()
