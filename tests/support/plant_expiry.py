"""Run as a program in a running installation's environment: the keys of AssumeRole have been over for a second."""

import os
import sys
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def expire():
    from django.utils import timezone

    from functions.models import IamSession
    from functions.queues import announce_key_change

    IamSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for key_id in IamSession.objects.values_list("key_id", flat=True):
        announce_key_change(key_id)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    expire()
    sys.stdout.write("null")
