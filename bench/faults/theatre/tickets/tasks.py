import os

import requests
from celery import shared_task
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F

from tickets.models import Callback, Customer, Payment, Ticket


@shared_task(autoretry_for=(requests.RequestException,), max_retries=4, retry_backoff=True)
def send_ticket(ticket_id):
    ticket = Ticket.objects.filter(pk=ticket_id).select_related("customer").first()
    if ticket is None:
        return
    requests.post(
        os.environ["MAIL_URL"],
        json={"to": ticket.customer.email, "barcode": str(ticket.barcode)},
        headers={"Idempotency-Key": str(ticket.barcode)},
        timeout=10,
    ).raise_for_status()


@shared_task(max_retries=4)
def take_callback(reference, customer_id, points):
    try:
        with transaction.atomic():
            Callback.objects.create(reference=reference)
            Customer.objects.filter(pk=customer_id).update(points=F("points") + points)
    except IntegrityError:
        return


@shared_task
def take_payment(reference, state, number):
    Payment.objects.filter(reference=reference, state_number__lt=number).update(
        state=state, state_number=number
    )


@shared_task
def close_box_office():
    if not cache.add("closing", "1", timeout=300):
        return
    requests.post(os.environ["BANK_URL"], headers={"Idempotency-Key": "closing"}, timeout=20)
