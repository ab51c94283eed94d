"""Run as a program in a running installation's environment: makes another project with its administrator, and prints
their access key as JSON. Argument: the project's account number."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def plant(account):
    from functions.models import Membership, Project, User
    from functions.services import keys
    from functions.services.guard import system_principal
    from functions.states import Role

    project = Project.objects.create(name=f"Other {account}", account=account)
    user = User.objects.create_user(f"stranger-{account}")
    Membership.objects.create(project=project, user=user, role=Role.ADMINISTRATOR)
    acting = system_principal(project.pk, account)
    key, secret = keys.create_access_key(acting=acting, project=project, user=user)
    return [key.key_id, secret]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    sys.stdout.write(json.dumps(plant(sys.argv[1])))
