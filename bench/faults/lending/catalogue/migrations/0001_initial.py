import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("members", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Title",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("isbn", models.CharField(max_length=13, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("copies", models.PositiveIntegerField(default=1)),
                ("copies_out", models.PositiveIntegerField(default=0)),
                ("borrowed", models.PositiveIntegerField(default=0)),
            ],
            options={"db_table": "titles"},
        ),
        migrations.CreateModel(
            name="Loan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("number", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("due_on", models.DateField()),
                ("returned_at", models.DateTimeField(null=True)),
                ("receipt_sent_at", models.DateTimeField(null=True)),
                ("charged", models.BooleanField(default=False)),
                ("renewals", models.PositiveIntegerField(default=0)),
                (
                    "title",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loans",
                        to="catalogue.title",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loans",
                        to="members.member",
                    ),
                ),
            ],
            options={"db_table": "loans"},
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("returned_at__isnull", True)),
                fields=("title", "member"),
                name="one_open_loan",
            ),
        ),
    ]
