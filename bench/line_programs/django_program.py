"""Django's ORM: synchronous on threads and asynchronous."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import django
from django.conf import settings
from tags import tag

ROUNDS = int(sys.argv[1])
url = urlsplit(os.environ["DATABASE_URL"])
database = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": url.path.lstrip("/"),
    "USER": url.username,
    "PASSWORD": url.password,
    "HOST": url.hostname,
    "PORT": url.port,
}
settings.configure(DATABASES={"default": database}, INSTALLED_APPS=[], USE_TZ=True)
django.setup()

from django.db import connection, models, transaction  # noqa: E402


class Line(models.Model):
    value = models.TextField()

    class Meta:
        app_label = "lines"
        db_table = "lines_django"


def synchronous(_number: int) -> None:
    Line.objects.create(value=tag("create"))  # line: create
    list(Line.objects.filter(value=tag("filter")))  # line: filter
    with transaction.atomic():
        line = Line(value=tag("save"))
        line.save()  # line: save
        Line.objects.select_for_update().filter(value=tag("locked")).first()  # line: locked
    Line.objects.get_or_create(value=tag("get_or_create"))  # line: get_or_create
    Line.objects.filter(value=tag("update")).update(value="x")  # line: update
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [tag("raw")])  # line: raw


async def asynchronous(_number: int) -> None:
    await Line.objects.acreate(value=tag("acreate"))  # line: acreate
    await Line.objects.filter(value=tag("afirst")).afirst()  # line: afirst
    async for _ in Line.objects.filter(value=tag("aiter")):  # line: aiter
        pass


async def main() -> None:
    await asyncio.gather(*[asynchronous(number) for number in range(ROUNDS)])


with connection.schema_editor() as editor:
    editor.create_model(Line)
with ThreadPoolExecutor(3) as pool:
    list(pool.map(synchronous, range(2 * ROUNDS)))
asyncio.run(main())
print(django.__version__)
