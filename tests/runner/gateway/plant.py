"""Run as a program with FUNCTORY_HOME set: migrates the databases and plants a key and functions, then prints
them as JSON. Argument: functions as JSON, name to {"code", ...configuration}."""

import io
import json
import os
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def plant(functions):
    from functions.installation import store
    from functions.models import Alias, Artifact, FunctionPolicy, FunctionUrl
    from functions.naming import new_url_id
    from functions.policies import public_url_statement
    from functions.services.keys import create_access_key
    from functions.states import Role
    from tests.support import rows

    project = rows.make_project("Default", "000000000000")
    user = rows.make_user(project, "ada", Role.ADMINISTRATOR)
    acting = rows.principal_of(project, user, Role.ADMINISTRATOR)
    key, secret = create_access_key(acting=acting, project=project, user=user)
    planted = {"key": key.key_id, "secret": secret, "project": str(project.pk), "functions": {}, "urls": {}}
    for name, settings in functions.items():
        data = zipped("lambda_function.py", settings.pop("code"))
        stored = store().take_in(data)
        store().unpack(stored.sha256)
        sizes = {"size": stored.size, "unpacked_size": stored.unpacked_size}
        artifact = Artifact.objects.get_or_create(sha256=stored.sha256, defaults=sizes)[0]
        function = rows.make_function(project, name, network="none", **settings)
        revision = rows.make_revision(function, artifact=artifact)
        Alias.objects.create(function=function, name="live", version=rows.publish(function, revision))
        function.latest = revision
        function.save()
        url = FunctionUrl.objects.create(function=function, url_id=new_url_id())
        FunctionPolicy.objects.create(
            function=function, qualifier="live", statements=[public_url_statement()]
        )
        planted["functions"][name] = str(function.pk)
        planted["urls"][name] = url.url_id
    return planted


def zipped(name, text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return buffer.getvalue()


def main():
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    import django

    django.setup()
    from django.core.management import call_command

    for database in ("default", "telemetry"):
        call_command("migrate", database=database, verbosity=0, skip_checks=True)
    sys.stdout.write(json.dumps(plant(json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
