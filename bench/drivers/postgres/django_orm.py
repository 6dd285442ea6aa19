"""What Django's ORM does on the wire, over psycopg."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import django
from django.conf import settings
from showing import LONG_BYTES, URL, digest, show

PARTS = urlsplit(URL)
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": PARTS.path[1:],
            "HOST": PARTS.hostname,
            "PORT": PARTS.port,
            "USER": PARTS.username,
            "PASSWORD": PARTS.password,
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.db import IntegrityError, connection, connections, models, transaction  # noqa: E402


class Room(models.Model):
    name = models.CharField(max_length=40, unique=True)
    size = models.IntegerField(default=0)
    facts = models.JSONField(default=dict)

    class Meta:
        app_label = "rooms"


class Chair(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="chairs")

    class Meta:
        app_label = "rooms"


def main() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Room)
        editor.create_model(Chair)
    made = [Room(name=f"room {n}", size=n, facts={"n": n}) for n in range(2500)]
    Room.objects.bulk_create(made, batch_size=500)
    first = Room.objects.get(name="room 1")
    for _ in range(3):
        first.chairs.create()
    show("related", list(Chair.objects.select_related("room").values_list("room__name", flat=True)))
    show("sum", Room.objects.aggregate(models.Sum("size"), models.Avg("size")))
    show("json", Room.objects.filter(facts__n__gt=2490).count())
    show(
        "got",
        [Room.objects.get_or_create(name="room 7")[1], Room.objects.get_or_create(name="new")[1]],
    )
    show("changed", Room.objects.update_or_create(name="new", defaults={"size": 5})[1])
    show(
        "iterated", sum(room.size for room in Room.objects.order_by("id").iterator(chunk_size=300))
    )
    try:
        Room.objects.create(name="room 1")
    except IntegrityError as error:
        show("integrity", str(error.__cause__.diag.constraint_name))
    nested()
    Room.objects.bulk_update([Room(id=room.id, size=0) for room in made[:50]], ["size"])
    show("zeroes", Room.objects.filter(size=0).count())
    show("deleted", Chair.objects.all().delete())
    with connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', %s)", [LONG_BYTES])
        show("long", digest(cursor.fetchone()[0]))
        with cursor.copy("COPY rooms_room (name, size, facts) FROM STDIN") as copy:
            copy.write_row(("copied", 1, "{}"))
    with ThreadPoolExecutor(4) as threads:
        show("threads", list(threads.map(counted, range(8))))
    connections.close_all()


def nested() -> None:
    try:
        with transaction.atomic():
            Room.objects.select_for_update().get(name="room 2")
            with transaction.atomic():
                Room.objects.filter(name="room 2").update(size=99)
            raise ZeroDivisionError
    except ZeroDivisionError:
        show("rolled back", Room.objects.get(name="room 2").size)


def counted(number: int) -> int:
    try:
        return Room.objects.filter(size__lt=number).count()
    finally:
        connection.close()


main()
