from functools import partial

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from .models import Loan
from .tasks import send_receipt


@receiver(post_save, sender=Loan)
def receipt_of_new_loan(sender, instance, created, **kwargs):
    if created:
        transaction.on_commit(partial(send_receipt.delay, instance.pk))
