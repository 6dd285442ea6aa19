import logging

from celery import shared_task
from django.db.models import F
from django.utils import timezone

from billing import mail
from billing.models import Invoice

log = logging.getLogger(__name__)


@shared_task
def send_reminder(number):
    """Reminds a customer of an open invoice, and keeps when and how often."""
    invoice = Invoice.objects.get(number=number)
    if invoice.status == Invoice.Status.PAID:
        log.info("invoice %s is paid already", number)
        return
    mail.send(
        invoice.email,
        f"Invoice {invoice.number}",
        f"We are still waiting for {invoice.cents / 100:.2f}.",
    )
    Invoice.objects.filter(pk=invoice.pk).update(
        reminders=F("reminders") + 1, reminded_at=timezone.now()
    )
    log.info("invoice %s: reminder sent", number)
