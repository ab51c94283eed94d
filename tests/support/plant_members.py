"""Run as a program in a running installation's environment: gives the first administrator the password of the
first argument, makes a viewer, and prints an access key of each as JSON."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def plant(password):
    from functions.models import Membership, User
    from functions.services import keys, people
    from functions.services.guard import system_principal
    from functions.states import Role

    project = people.default_project()
    admin = User.objects.get(username=people.FIRST_ADMINISTRATOR)
    admin.set_password(password)
    admin.must_change_password = False
    admin.save()
    acting = system_principal(project.pk, project.account)
    members = {"administrator": admin}
    for role in (Role.VIEWER, Role.DEVELOPER):
        known = User.objects.filter(username=f"a-{role}").first()  # files of tests share an installation
        members[role.value] = known or User.objects.create_user(f"a-{role}", password=password)
        Membership.objects.get_or_create(project=project, user=members[role.value], defaults={"role": role})
    found = {}
    for role, user in members.items():
        key, secret = keys.create_access_key(acting=acting, project=project, user=user)
        found[role] = [key.key_id, secret]
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    sys.stdout.write(json.dumps(plant(sys.argv[1])))
