"""Django: transactions of requests, signals, what serializers have validated."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

HEAD = """
        ENGINE = "django.db.backends.postgresql"
"""
SETTINGS = {
    "part": """
        DATABASES = {"default": {"ENGINE": ENGINE, "ATOMIC_REQUESTS": True}}
    """,
    "set-later": """
        import environ
        env = environ.Env()
        DATABASES = {"default": env.db("DATABASE_URL")}
        DATABASES["default"]["ATOMIC_REQUESTS"] = True
    """,
    "off": """
        DATABASES = {"default": {"ENGINE": ENGINE, "ATOMIC_REQUESTS": False}}
    """,
    "nothing": """
        DATABASES = {"default": {"ENGINE": ENGINE}}
    """,
}
PROGRAM = {
    "hives/models.py": """
        from django.db import models

        class HiveQuerySet(models.QuerySet):
            def taken(self, number):
                return self.select_for_update().get(pk=number)

        class HiveManager(models.Manager.from_queryset(HiveQuerySet)):
            pass

        class Hive(models.Model):
            label = models.CharField(max_length=9)
            frames = models.IntegerField()
            objects = HiveManager()

            class Meta:
                db_table = "hive"
    """,
    "hives/tasks.py": """
        from celery import shared_task

        @shared_task
        def weigh(number):
            pass
    """,
    "hives/signals.py": """
        from django.db import transaction
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from .models import Hive
        from .tasks import weigh

        @receiver(post_save, sender=Hive)
        def added(sender, instance, created, **kwargs):
            if created:
                weigh.delay(instance.pk)
    """,
    "hives/views.py": """
        from django.db import transaction
        from django.utils.decorators import method_decorator
        from django.views import View
        from .models import Hive

        def add(request):
            Hive.objects.create(label=request.POST["label"])

        @transaction.non_atomic_requests
        def alone(request):
            Hive.objects.create(label=request.POST["label"])

        @method_decorator(transaction.non_atomic_requests, name="dispatch")
        class Alone(View):
            def post(self, request):
                Hive.objects.create(label=request.POST["label"])

        class Taken(View):
            def post(self, request, number):
                hive = Hive.objects.taken(number)
                hive.frames -= 1
                hive.save()
    """,
    "site/urls.py": """
        from django.urls import path
        from hives.views import Alone, Taken, add, alone

        urlpatterns = [
            path("add", add),
            path("alone", alone),
            path("class", Alone.as_view()),
            path("taken/<int:number>", Taken.as_view()),
        ]
    """,
}


def found(tmp_path: Path, name: str, settings: str = "part") -> list[str]:
    files = {**PROGRAM, "site/settings.py": HEAD + SETTINGS[settings]}
    return lines(followed(tmp_path, files)[name])


@pytest.mark.parametrize("settings", ["part", "set-later"])
def test_a_view_is_in_a_transaction(tmp_path: Path, settings: str) -> None:
    told = found(tmp_path, "ANY /add", settings)
    assert told[:2] == ["begin ?", "insert hive values label in tx"]
    assert told[2].startswith("enqueue") and told[2].endswith("amid tx")


@pytest.mark.parametrize("settings", ["off", "nothing"])
def test_a_view_is_in_none_by_default(tmp_path: Path, settings: str) -> None:
    assert found(tmp_path, "ANY /add", settings)[0] == "insert hive values label"


@pytest.mark.parametrize("name", ["ANY /alone", "POST /class"])
def test_a_view_is_taken_out(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, name)[0] == "insert hive values label"


def test_a_manager_of_a_query_set_knows_its_model(tmp_path: Path) -> None:
    told = found(tmp_path, "POST /taken/<int:number>")
    assert told[1:3] == ["read hive where id lock update in tx", "save hive values frames in tx"]


def test_a_signal_is_sent_where_a_row_is_saved(tmp_path: Path) -> None:
    told = found(tmp_path, "ANY /add", "off")
    assert [one.split()[0] for one in told] == ["insert", "enqueue"]


def test_on_commit_waits_for_the_outermost_transaction(tmp_path: Path) -> None:
    files = {
        **PROGRAM,
        "site/settings.py": HEAD + SETTINGS["part"],
        "hives/signals.py": "",
        "hives/views.py": """
            from django.db import transaction
            from django.views import View
            from .models import Hive
            from .tasks import weigh

            def add(request):
                with transaction.atomic():
                    hive = Hive.objects.create(label="a")
                    transaction.on_commit(lambda: weigh.delay(hive.pk))
                Hive.objects.filter(pk=1).update(frames=2)

            alone = add
            class Alone(View):
                pass
            class Taken(View):
                pass
        """,
    }
    told = lines(followed(tmp_path, files)["ANY /add"])
    assert [one.split()[0] for one in told] == ["begin", "begin", "insert", "update", "enqueue"]
    assert not told[-1].endswith("tx")


def test_validated_data_is_what_the_fields_say(tmp_path: Path) -> None:
    files = {
        **PROGRAM,
        "site/settings.py": HEAD + SETTINGS["off"],
        "hives/signals.py": "",
        "hives/serializers.py": """
            from rest_framework import serializers
            from .models import Hive

            class HiveSerializer(serializers.ModelSerializer):
                class Meta:
                    model = Hive
                    fields = ["id", "label", "frames"]
                    read_only_fields = ["frames"]
        """,
        "hives/views.py": """
            from rest_framework import viewsets
            from rest_framework.decorators import action
            from .models import Hive
            from .serializers import HiveSerializer

            class HiveViewSet(viewsets.ModelViewSet):
                queryset = Hive.objects.all()
                serializer_class = HiveSerializer

                @action(detail=True, methods=["post"])
                def smoke(self, request, pk=None):
                    hive = self.get_object()
                    hive.frames += 1
                    hive.save()
        """,
        "site/urls.py": """
            from rest_framework.routers import DefaultRouter
            from hives.views import HiveViewSet

            router = DefaultRouter()
            router.register("hives", HiveViewSet)
            urlpatterns = router.urls
        """,
    }
    paths = followed(tmp_path, files)
    (insert,) = [one for one in lines(paths["POST /hives"]) if one.startswith("insert")]
    assert "label" in insert and "frames" not in insert
    told = lines(paths["POST /hives/{pk}/smoke"])
    assert told[:2] == ["read hive where id", "save hive values frames"]
