from django.db import models


class MemberQuerySet(models.QuerySet):
    def locked_pair(self, first_id, second_id):
        rows = self.select_for_update().filter(pk__in=(first_id, second_id)).order_by("pk")
        return {member.pk: member for member in rows}


class Member(models.Model):
    card = models.CharField(max_length=32, unique=True)
    email = models.EmailField(unique=True)
    credit_cents = models.IntegerField(default=0)
    visits = models.PositiveIntegerField(default=0)
    address = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)

    objects = MemberQuerySet.as_manager()

    class Meta:
        db_table = "members"


class Payment(models.Model):
    reference = models.CharField(max_length=64, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="payments")
    cents = models.IntegerField()
    status = models.CharField(max_length=16, default="new")
    sequence = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "payments"
