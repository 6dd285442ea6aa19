"""Django: what calls of the ORM, transactions, the cache and REST framework mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

MODELS = """
    from django.db import models

    class BerthQuerySet(models.QuerySet):
        def free(self):
            return self.filter(is_free=True)

    class Berth(models.Model):
        code = models.CharField(max_length=9)
        depth = models.IntegerField()
        is_free = models.BooleanField()
        objects = BerthQuerySet.as_manager()

        class Meta:
            db_table = "berth"

    class ShipManager(models.Manager):
        def named(self, name):
            return self.get_queryset().filter(name=name)

    class Ship(models.Model):
        name = models.CharField(max_length=9)
        berth = models.ForeignKey(Berth, on_delete=models.CASCADE)
        objects = ShipManager()

    class Crew(models.Model):
        ships = models.ManyToManyField("harbour.Ship", through="Duty")

    class Duty(models.Model):
        crew = models.ForeignKey(Crew, on_delete=models.CASCADE)
        ship = models.ForeignKey(Ship, on_delete=models.CASCADE)
    """
URLS = """
    from django.urls import path
    from . import views
    urlpatterns = [path("go/<int:number>/", views.go)]
    """
VIEWS = """
    import json
    from functools import partial
    from django.core.cache import cache
    from django.db import connection, models, transaction
    from django.db.models import F, Q, Sum
    from django.db.models.functions import Greatest
    from django.shortcuts import get_object_or_404
    from .models import Berth, Ship
    from .tasks import moor
    """
TASKS = """
    from celery import shared_task

    @shared_task
    def moor(ship_id):
        pass
    """


def app(body: str) -> dict[str, str]:
    views = VIEWS.replace("\n    ", "\n") + "\ndef go(request, number):\n"
    views += "".join(f"    {line}\n" for line in body.split("\n"))
    return {
        "manage.py": "",
        "harbour/__init__.py": "",
        "harbour/models.py": MODELS,
        "harbour/urls.py": URLS,
        "harbour/views.py": views,
        "harbour/tasks.py": TASKS,
    }


CALLS = {
    "get": ("Berth.objects.get(pk=number)", ["read berth where id"]),
    "filter-first": (
        "Berth.objects.filter(code='a', depth__gte=3).order_by('id').first()",
        ["read berth where code ranges depth"],
    ),
    "related": (
        "Ship.objects.filter(berth__code='a').count()",
        ["read harbour_ship where berth__code count"],
    ),
    "q": (
        "Berth.objects.filter(Q(code='a') & Q(depth=2)).exists()",
        ["read berth where code,depth exists"],
    ),
    "or": (
        "Berth.objects.filter(Q(code='a') | Q(depth=2)).exists()",
        ["read berth where ? exists"],
    ),
    "lock": (
        "with transaction.atomic():\n    Berth.objects.select_for_update().get(pk=number)",
        ["begin ?", "read berth where id lock update in tx"],
    ),
    "shortcut": ("get_object_or_404(Berth, code='a')", ["read berth where code"]),
    "shortcut-query": (
        "get_object_or_404(Berth.objects.select_for_update(), pk=number)",
        ["read berth where id lock update"],
    ),
    "aggregate": ("Berth.objects.aggregate(Sum('depth'))", ["read berth sum"]),
    "create": ("Berth.objects.create(code='a', depth=1)", ["insert berth values code,depth"]),
    "new-save": ("Berth(code='a').save()", ["insert berth values code"]),
    "save": (
        "one = Berth.objects.get(pk=number)\none.depth -= 1\none.save()",
        ["read berth where id", "save berth values depth"],
    ),
    "f-save": (
        "one = Berth.objects.get(pk=number)\none.depth = F('depth') - 1\n"
        "one.save(update_fields=['depth'])",
        ["read berth where id", "save berth values depth:=depth - 1"],
    ),
    "f-update": (
        "Berth.objects.filter(pk=number).update(depth=F('depth') - 1)",
        ["update berth where id values depth:=depth - 1"],
    ),
    "greatest": (
        "Berth.objects.filter(pk=number).update(depth=Greatest(F('depth') - 1, 0))",
        ["update berth where id values depth:=Greatest(depth - 1, 0)"],
    ),
    "get-or-create": (
        "one, made = Berth.objects.get_or_create(code='a', defaults={'depth': 1})",
        ["find-or-create berth where code values depth,code"],
    ),
    "update-or-create": (
        "Berth.objects.update_or_create(code='a', defaults={'depth': 1})",
        ["find-or-create berth where code values depth,code"],
    ),
    "bulk": (
        "Berth.objects.bulk_create([Berth(code='a')], ignore_conflicts=True)",
        ["upsert berth values code conflict ignore"],
    ),
    "bulk-plain": ("Berth.objects.bulk_create([Berth(code='a')])", ["insert berth values code"]),
    "bulk-update": (
        "rows = [Berth(code='a')]\n"
        "Berth.objects.bulk_create(rows, update_conflicts=True, unique_fields=['code'])",
        ["upsert berth values code conflict update"],
    ),
    "delete": ("Berth.objects.filter(depth=0).delete()", ["delete berth where depth"]),
    "delete-one": (
        "one = Berth.objects.get(pk=number)\none.delete()",
        ["read berth where id", "delete berth where id"],
    ),
    "iterate": ("for one in Berth.objects.filter(depth=1):\n    pass", ["read berth where depth"]),
    "slice": (
        "for one in Berth.objects.filter(depth=1)[:5]:\n    pass",
        ["read berth where depth"],
    ),
    "list": ("list(Berth.objects.all())", ["read berth"]),
    "truth": ("if Berth.objects.filter(depth=1):\n    pass", ["read berth where depth"]),
    "lazy": ("Berth.objects.filter(depth=1)", []),
    "own-queryset": (
        "Berth.objects.free().filter(depth=1).first()",
        ["read berth where is_free,depth"],
    ),
    "own-manager": ("Ship.objects.named('x').first()", ["read harbour_ship where name"]),
    "refresh": (
        "one = Berth.objects.get(pk=number)\none.refresh_from_db()",
        ["read berth where id", "read berth where id"],
    ),
    "raw": (
        "list(Berth.objects.raw('SELECT * FROM berth WHERE code = %s', ['a']))",
        ["read berth where code"],
    ),
    "cursor": (
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('UPDATE berth SET depth = depth - 1 WHERE id = %s', [number])",
        ["update berth where id values depth:=depth - 1"],
    ),
    "on-commit": (
        "with transaction.atomic():\n"
        "    one = Ship.objects.create(name='a')\n"
        "    transaction.on_commit(lambda: moor.delay(one.pk))",
        ["begin ?", "insert harbour_ship values name in tx", "enqueue celery harbour.tasks.moor"],
    ),
    "on-commit-partial": (
        "with transaction.atomic():\n"
        "    one = Ship.objects.create(name='a')\n"
        "    transaction.on_commit(partial(moor.delay, one.pk))",
        ["begin ?", "insert harbour_ship values name in tx", "enqueue celery harbour.tasks.moor"],
    ),
    "before-commit": (
        "with transaction.atomic():\n"
        "    one = Ship.objects.create(name='a')\n"
        "    moor.delay(one.pk)",
        [
            "begin ?",
            "insert harbour_ship values name in tx",
            "enqueue celery harbour.tasks.moor amid tx",
        ],
    ),
    "delay-on-commit": (
        "with transaction.atomic():\n    moor.delay_on_commit(1)",
        ["begin ?", "enqueue celery harbour.tasks.moor"],
    ),
    "foreign-key": (
        "ship = Ship.objects.get(pk=number)\n"
        "ship.berth.depth = ship.berth.depth - 1\n"
        "ship.berth.save()",
        ["read harbour_ship where id", "save berth values depth"],
    ),
    "other-end": (
        "berth = Berth.objects.get(pk=number)\n"
        "if not berth.ship_set.filter(name='a').exists():\n"
        "    berth.ship_set.create(name='a')",
        [
            "read berth where id",
            "read harbour_ship where berth,name exists",
            "insert harbour_ship values berth,name",
        ],
    ),
    "between": (
        "from .models import Crew\ncrew = Crew.objects.get(pk=number)\n"
        "crew.ships.through.objects.get_or_create(crew=crew, ship=1)\n"
        "crew.ships.filter(name='a').exists()",
        [
            "read harbour_crew where id",
            "find-or-create harbour_duty where crew,ship values crew,ship",
            "read harbour_ship where name exists",
        ],
    ),
    "cache": (
        "cache.set('a', 1, 60)\ncache.add(f'b:{number}', 1)\ncache.incr('c')\ncache.delete('a')",
        ["set a for 60 s", "set b:* if absent", "increment c", "remove a"],
    ),
    "cache-get-or-set": ("cache.get_or_set('a', 1, 5)", ["get a", "set a for 5 s"]),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(tmp_path: Path, name: str) -> None:
    body, expected = CALLS[name]
    paths = followed(tmp_path, app(body))
    assert lines(paths["ANY /go/<int:number>"]) == expected


LOOK_ALIKES = {
    "own-class": "class Berths:\n    objects = None\nBerths.objects.filter(x=1).first()",
    "other-cache": "cache2 = {}\ncache2.get('a')",
    "a-dict": "found = json.loads('{}')\nfound.get('pk')",
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_what_only_looks_like_it_means_nothing(tmp_path: Path, name: str) -> None:
    paths = followed(tmp_path, app(LOOK_ALIKES[name]))
    assert "ANY /go/<int:number>" not in paths or lines(paths["ANY /go/<int:number>"]) == []


REST = {
    "dock/__init__.py": "",
    "dock/models.py": """
        from django.db import models

        class Crane(models.Model):
            code = models.CharField(max_length=9, unique=True)
            load = models.IntegerField(default=0)
        """,
    "dock/api.py": """
        from django.db import transaction
        from django.utils.decorators import method_decorator
        from django.views import View
        from rest_framework import generics, serializers, viewsets
        from rest_framework.decorators import action, api_view
        from rest_framework.response import Response
        from .models import Crane

        class CraneSerializer(serializers.ModelSerializer):
            class Meta:
                model = Crane
                fields = "__all__"

        class CountingSerializer(CraneSerializer):
            def create(self, validated_data):
                if Crane.objects.filter(code=validated_data["code"]).exists():
                    return None
                return Crane.objects.create(**validated_data)

        class CraneViewSet(viewsets.ModelViewSet):
            queryset = Crane.objects.all()
            serializer_class = CraneSerializer

            def perform_destroy(self, instance):
                Crane.objects.filter(pk=1).delete()

            @action(detail=True, methods=["post"])
            @transaction.atomic
            def lift(self, request, pk=None):
                crane = Crane.objects.select_for_update().get(pk=pk)
                crane.load += 1
                crane.save()
                return Response({})

        class Cranes(generics.CreateAPIView):
            serializer_class = CountingSerializer

        class Reset(View):
            def post(self, request):
                Crane.objects.update(load=0)

        @api_view(["POST"])
        def add(request):
            serializer = CraneSerializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            return Response({})
        """,
    "dock/urls.py": """
        from django.urls import include, path
        from rest_framework import routers
        from . import api

        router = routers.SimpleRouter()
        router.register("cranes", api.CraneViewSet)
        urlpatterns = [
            path("add", api.add),
            path("many/", api.Cranes.as_view()),
            path("reset/", api.Reset.as_view()),
        ] + router.urls
        """,
    "site_of/urls.py": """
        from django.urls import include, re_path
        urlpatterns = [re_path(r"^v1/", include("dock.urls"))]
        """,
}


def test_rest_framework(tmp_path: Path) -> None:
    paths = followed(tmp_path, REST)
    assert {name: lines(one) for name, one in paths.items()} == {
        "POST /v1/add": ["insert dock_crane"],
        "POST /v1/many": [
            "read dock_crane where code exists",
            "insert dock_crane",
        ],
        "POST /v1/reset": ["update dock_crane values load"],
        "POST /v1/cranes/{pk}/lift": [
            "begin ?",
            "read dock_crane where id lock update in tx",
            "save dock_crane values load in tx",
        ],
        "POST /v1/cranes": ["insert dock_crane"],
        "PUT /v1/cranes/{pk}": ["save dock_crane"],
        "PATCH /v1/cranes/{pk}": ["save dock_crane"],
        "DELETE /v1/cranes/{pk}": ["delete dock_crane where id"],
    }


def test_management_commands_are_entries(tmp_path: Path) -> None:
    files = app("pass") | {
        "harbour/management/commands/tidy.py": """
            from django.core.management.base import BaseCommand
            from harbour.models import Ship

            class Command(BaseCommand):
                def handle(self, *args, **options):
                    Ship.objects.filter(name="").delete()
            """
    }
    paths = followed(tmp_path, files)
    assert lines(paths["manage.py tidy"]) == ["delete harbour_ship where name"]
