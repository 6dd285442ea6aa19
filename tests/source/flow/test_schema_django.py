"""The schema of Django's models and migrations."""

from __future__ import annotations

import pytest
from written_schemas import columns, of, said, uniques

MODELS = """
    from django.conf import settings
    from django.db import models
    from django.db.models import Q, UniqueConstraint
    from django.db.models.functions import Lower

    class Stamped(models.Model):
        made_at = models.DateTimeField(auto_now_add=True)
        token = models.UUIDField(unique=True)

        class Meta:
            abstract = True
            ordering = ["made_at"]

    class Gate(models.Model):
        number = models.CharField(max_length=8, primary_key=True)

    class Ticket(Stamped):
        code = models.SlugField("the code", unique=True, max_length=40)
        gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="+")
        day = models.DateField(null=True)
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, db_column="holder")
        photo = models.OneToOneField("media.Photo", on_delete=models.CASCADE, null=True)
        friends = models.ManyToManyField("self")
        gates = models.ManyToManyField(Gate, through="Passing")
        tags = models.ManyToManyField("media.Photo", related_name="t")

        class Meta(Stamped.Meta):
            unique_together = ("gate", "day")
            constraints = [
                models.UniqueConstraint(fields=["owner", "day"], name="one_a_day"),
                UniqueConstraint(fields=["gate"], condition=Q(day__isnull=True), name="open_end"),
                UniqueConstraint(Lower("code").desc(), "day", name="low"),
                models.CheckConstraint(check=Q(day__gte=1), name="ck"),
            ]

    class Passing(models.Model):
        ticket = models.ForeignKey("Ticket", on_delete=models.CASCADE)
        gate = models.ForeignKey("Gate", on_delete=models.CASCADE)

        class Meta:
            db_table = "passings"
            unique_together = [["ticket", "gate"], ("gate", "id")]

    class SeasonTicket(Ticket):
        season = models.IntegerField()

    class OldTicket(Ticket):
        class Meta:
            proxy = True
"""


def test_models() -> None:
    found = of({"yard/tickets/models.py": MODELS, "yard/tickets/__init__.py": ""})
    assert uniques(found, "tickets_ticket") == {
        "id model pk",
        "token model",
        "code model",
        "photo_id model",
        "gate_id+day model",
        "holder+day model",
        "gate_id model if Q(day__isnull=True)",
        "lower(code)+day model",
    }
    assert columns(found, "tickets_ticket") == [
        *("id", "made_at", "token", "code", "gate_id", "day", "holder", "photo_id"),
    ]
    table = found.tables["tickets_ticket"]
    by_name = {one.name: one for one in table.columns}
    assert by_name["gate_id"].references == "tickets_gate"
    assert by_name["gate_id"].attribute == "gate"
    assert by_name["day"].is_nullable
    assert not by_name["code"].is_nullable
    assert table.checks == ("CHECK (Q(day__gte=1))",)
    assert table.models == ("Ticket", "OldTicket")
    assert uniques(found, "passings") == {
        "id model pk",
        "ticket_id+gate_id model",
        "gate_id+id model",
    }
    assert uniques(found, "tickets_gate") == {"number model pk"}
    assert uniques(found, "tickets_seasonticket") == {"ticket_ptr_id model pk"}
    friends = "from_ticket_id+to_ticket_id model"
    assert uniques(found, "tickets_ticket_friends") == {"id model pk", friends}
    assert uniques(found, "tickets_ticket_tags") == {"id model pk", "ticket_id+photo_id model"}
    assert "tickets_ticket_gates" not in found.tables
    assert "tickets_stamped" not in found.tables


def test_labels_and_fields_of_ones_own() -> None:
    found = of(
        {
            "src/orchard/apps.py": """
                from django.apps import AppConfig
                class OrchardConfig(AppConfig):
                    name = "src.orchard"
                    label = "fruit"
            """,
            "src/orchard/models/__init__.py": "from .tree import Tree\n",
            "src/orchard/models/tree.py": """
                from django.db import models as m
                from .fields import Code
                from model_utils.models import TimeStampedModel
                class Tree(TimeStampedModel):
                    code = Code(unique=True)
                    row = m.IntegerField()
                class Leaf(m.Model):
                    tree = m.ForeignKey(Tree, m.CASCADE, unique=True)
                    class Meta:
                        app_label = "leaves"
            """,
            "src/orchard/models/fields.py": """
                from django.db.models import CharField
                class Code(CharField):
                    pass
            """,
        }
    )
    assert uniques(found, "fruit_tree") == {"id model pk", "code model"}
    assert uniques(found, "leaves_leaf") == {"id model pk", "tree_id model"}
    by_name = {one.name: one for one in found.tables["leaves_leaf"].columns}
    assert by_name["tree_id"].references == "fruit_tree"


INITIAL = """
    from django.db import migrations, models
    import django.db.models.deletion
    class Migration(migrations.Migration):
        initial = True
        dependencies = [("media", "0001_initial")]
        operations = [
            migrations.CreateModel(
                name="Gate",
                fields=[("number", models.CharField(primary_key=True, serialize=False))],
            ),
            migrations.CreateModel(
                name="Ticket",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True)),
                    ("code", models.SlugField(unique=True)),
                    ("day", models.DateField(null=True)),
                    ("gate", models.ForeignKey(on_delete=models.CASCADE, to="tickets.gate")),
                    ("photo", models.OneToOneField(on_delete=models.CASCADE, to="media.Photo")),
                    ("friends", models.ManyToManyField(to="tickets.ticket")),
                ],
                options={"unique_together": {("gate", "day")}, "ordering": ["day"]},
            ),
        ]
"""


def migrated(operations: str, name: str = "0002_next", *, more: str = "") -> dict[str, str]:
    """The first migration, and one with these operations."""
    text = (
        "from django.db import migrations, models\n"
        f"{more}\n"
        "class Migration(migrations.Migration):\n"
        "    dependencies = [('tickets', '0001_initial')]\n"
        f"    operations = [{operations}]\n"
    )
    return {
        f"tickets/migrations/{name}.py": text,
        "tickets/migrations/0001_initial.py": INITIAL,
        "media/migrations/0001_initial.py": """
            from django.db import migrations, models
            class Migration(migrations.Migration):
                operations = [migrations.CreateModel("Photo", [("url", models.URLField())])]
        """,
    }


FIRST = {
    "id migration pk",
    "code migration",
    "photo_id migration",
    "gate_id+day migration",
}


def test_the_first_migration() -> None:
    found = of(migrated(""))
    assert uniques(found, "tickets_ticket") == FIRST
    assert uniques(found, "media_photo") == {"id migration pk"}
    assert uniques(found, "tickets_ticket_friends") == {
        "id migration pk",
        "from_ticket_id+to_ticket_id migration",
    }
    by_name = {one.name: one for one in found.tables["tickets_ticket"].columns}
    assert by_name["photo_id"].references == "media_photo"
    assert found.tables["tickets_ticket"].is_complete


@pytest.mark.parametrize(
    ("operations", "table", "left"),
    [
        (
            "migrations.AlterField('ticket', 'code', models.SlugField())",
            "tickets_ticket",
            FIRST - {"code migration"},
        ),
        (
            "migrations.AlterField(model_name='ticket', name='day',"
            " field=models.DateField(unique=True, db_column='on_day'))",
            "tickets_ticket",
            (FIRST - {"gate_id+day migration"}) | {"gate_id+on_day migration", "on_day migration"},
        ),
        (
            "migrations.RenameField('ticket', 'gate', 'door'),"
            "migrations.AlterUniqueTogether('ticket', {('door', 'code')})",
            "tickets_ticket",
            (FIRST - {"gate_id+day migration"}) | {"door_id+code migration"},
        ),
        (
            "migrations.RemoveField('Ticket', 'day')",
            "tickets_ticket",
            FIRST - {"gate_id+day migration"},
        ),
        (
            "migrations.RenameModel('Ticket', 'Pass'),"
            "migrations.AddField('pass', 'seat', models.IntegerField(unique=True))",
            "tickets_pass",
            FIRST | {"seat migration"},
        ),
        (
            "migrations.RenameModel('Ticket', 'Pass')",
            "tickets_pass_friends",
            {"id migration pk", "from_ticket_id+to_ticket_id migration"},
        ),
        (
            "migrations.AlterModelTable('ticket', 'passes'),"
            "migrations.AddConstraint('ticket', models.UniqueConstraint(fields=('gate',),"
            " condition=models.Q(day=None), name='x')),"
            "migrations.AddConstraint('ticket',"
            " models.UniqueConstraint(fields=('day',), name='y')),"
            "migrations.RemoveConstraint('ticket', 'y')",
            "passes",
            FIRST | {"gate_id migration if Q(day=None)"},
        ),
        (
            "migrations.RunSQL(['CREATE UNIQUE INDEX a ON tickets_ticket (day)',"
            " ('ALTER TABLE tickets_ticket ADD CONSTRAINT b UNIQUE (gate_id)', [])],"
            " reverse_sql='DROP INDEX a')",
            "tickets_ticket",
            FIRST | {"day migration", "gate_id migration"},
        ),
        (
            "migrations.SeparateDatabaseAndState("
            "state_operations=["
            "  migrations.AlterField('ticket', 'day', models.DateField(unique=True)),"
            "  migrations.RenameField('ticket', 'code', 'slug')],"
            "database_operations=[migrations.RunSQL("
            "'CREATE UNIQUE INDEX CONCURRENTLY a ON tickets_ticket (day)')])",
            "tickets_ticket",
            FIRST | {"day migration"},
        ),
        (
            "migrations.RunPython(forwards, migrations.RunPython.noop)",
            "tickets_ticket",
            FIRST | {"day migration"},
        ),
    ],
    ids=[
        *("no longer unique", "unique under another name", "renamed field", "removed field"),
        *("renamed model", "its join", "renamed table", "sql", "separate", "code"),
    ],
)
def test_operations(operations: str, table: str, left: set[str]) -> None:
    code = (
        "def forwards(apps, schema_editor):\n"
        "    Ticket = apps.get_model('tickets', 'Ticket')\n"
        "    for one in Ticket.objects.all(): one.save()\n"
        "    schema_editor.execute('CREATE UNIQUE INDEX z ON tickets_ticket (day)')\n"
    )
    found = of(migrated(operations, more=code))
    assert uniques(found, table) == left
    assert found.tables[table].is_complete


def test_the_order_is_that_of_the_dependencies() -> None:
    files = migrated(
        "migrations.AlterField('ticket', 'code', models.SlugField(unique=True))", "0003_c"
    )
    files["tickets/migrations/0003_c.py"] = files["tickets/migrations/0003_c.py"].replace(
        "0001_initial", "0009_b"
    )
    files["tickets/migrations/0009_b.py"] = """
        from django.db import migrations, models
        class Migration(migrations.Migration):
            dependencies = [("tickets", "0001_initial")]
            operations = [migrations.AlterField("ticket", "code", models.SlugField())]
    """
    assert "code migration" in uniques(of(files), "tickets_ticket")


def test_a_circle_of_dependencies_ends() -> None:
    files = migrated("")
    files["media/migrations/0001_initial.py"] = """
        from django.db import migrations, models
        class Migration(migrations.Migration):
            dependencies = [("tickets", "0002_next"), ("gone", "0001_initial")]
            operations = [migrations.CreateModel("Photo", [("url", models.URLField(unique=True))])]
    """
    assert "url migration" in uniques(of(files), "media_photo")


def test_a_squashed_migration_runs_instead_of_the_others() -> None:
    squashed = """
        from django.db import migrations, models
        class Migration(migrations.Migration):
            replaces = [("tickets", "0001_initial"), ("tickets", "0002_next")]
            operations = [migrations.CreateModel("Ticket", [("code", models.TextField())])]
    """
    path = "tickets/migrations/0001_squashed_0002.py"
    later = """
        from django.db import migrations, models
        class Migration(migrations.Migration):
            dependencies = [("tickets", "0002_next")]
            operations = [migrations.AlterField("ticket", "code", models.TextField(unique=True))]
    """
    both = of({**migrated(""), path: squashed, "tickets/migrations/0000_later.py": later})
    assert uniques(both, "tickets_ticket") == {"id migration pk", "code migration"}
    assert uniques(of({path: squashed}), "tickets_ticket") == {"id migration pk"}


def test_operations_of_ones_own_claim_nothing_of_their_app() -> None:
    more = "class Tighten(migrations.operations.base.Operation):\n    pass\n"
    found = of(migrated("Tighten('ticket')", more=more))
    assert not found.tables["tickets_ticket"].is_complete
    assert found.tables["media_photo"].is_complete


def test_what_the_model_says_and_the_migrations_do_not() -> None:
    models = """
        from django.db import models
        class Gate(models.Model):
            number = models.CharField(max_length=8, primary_key=True)
        class Ticket(models.Model):
            code = models.SlugField()
            day = models.DateField(null=True, unique=True)
            gate = models.ForeignKey(Gate, on_delete=models.CASCADE)
            photo = models.OneToOneField("media.Photo", on_delete=models.CASCADE)
            friends = models.ManyToManyField("self")
            class Meta:
                unique_together = [("day", "gate")]
    """
    found = of({"tickets/models.py": models, **migrated("")})
    assert said(found) == {
        "tickets_ticket: day missing in migration",
        "tickets_ticket: code missing in model",
    }


def test_what_only_looks_like_a_model() -> None:
    found = of(
        {
            "forms.py": """
                from django import forms
                class Ticket(forms.ModelForm):
                    code = forms.CharField(unique=True)
            """,
            "serializers.py": """
                from rest_framework import serializers
                class Ticket(serializers.Serializer):
                    code = serializers.CharField()
            """,
            "models.py": """
                from pydantic import BaseModel, Field
                class Ticket(BaseModel):
                    code: str = Field(unique=True)
            """,
        }
    )
    assert found.tables == {}
