import uuid

from django.db import models
from django.db.models import Q

from .managers import LoanManager, TitleManager


class TimeStamped(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Title(TimeStamped):
    isbn = models.CharField(max_length=13, unique=True)
    name = models.CharField(max_length=200)
    copies = models.PositiveIntegerField(default=1)
    copies_out = models.PositiveIntegerField(default=0)
    borrowed = models.PositiveIntegerField(default=0)

    objects = TitleManager()

    class Meta:
        db_table = "titles"


class Loan(TimeStamped):
    title = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="loans")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="loans")
    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    due_on = models.DateField()
    returned_at = models.DateTimeField(null=True)
    receipt_sent_at = models.DateTimeField(null=True)
    charged = models.BooleanField(default=False)
    renewals = models.PositiveIntegerField(default=0)

    objects = LoanManager()

    class Meta:
        db_table = "loans"
        constraints = [
            models.UniqueConstraint(
                fields=["title", "member"],
                condition=Q(returned_at__isnull=True),
                name="one_open_loan",
            )
        ]


class Hold(TimeStamped):
    title = models.ForeignKey(Title, on_delete=models.CASCADE, related_name="holds")
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="holds")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "holds"
        constraints = [models.UniqueConstraint(fields=["title", "member"], name="one_hold_per_member")]
