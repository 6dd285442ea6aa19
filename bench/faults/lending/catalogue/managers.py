from django.db import models
from django.db.models import F


class TitleQuerySet(models.QuerySet):
    def available(self):
        return self.filter(copies_out__lt=F("copies"))

    def for_lending(self, title_id):
        return self.select_for_update().get(pk=title_id)


class TitleManager(models.Manager.from_queryset(TitleQuerySet)):
    def count_view(self, title_id):
        return self.filter(pk=title_id).update(borrowed=F("borrowed") + 1)


class LoanManager(models.Manager):
    def open(self):
        return self.get_queryset().filter(returned_at__isnull=True)

    def without_receipt(self):
        return self.get_queryset().filter(receipt_sent_at__isnull=True)
