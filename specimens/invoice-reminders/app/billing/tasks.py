import logging

from celery import shared_task
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
    invoice.reminders += 1
    invoice.reminded_at = timezone.now()
    invoice.save()
    log.info("invoice %s: reminder %s sent", number, invoice.reminders)
