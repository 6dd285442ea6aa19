import redis
import requests
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from members.models import Member

from .models import Loan

client = redis.Redis.from_url(settings.REDIS_URL)


@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=5)
def send_receipt(loan_id):
    loan = Loan.objects.select_related("member", "title").get(pk=loan_id)
    requests.post(
        f"{settings.MAIL_API}/messages",
        json={"to": loan.member.email, "text": f"{loan.title.name} is due on {loan.due_on}"},
        headers={"Idempotency-Key": f"receipt-{loan.number}"},
        timeout=10,
    ).raise_for_status()
    Loan.objects.filter(pk=loan_id).update(receipt_sent_at=timezone.now())


@shared_task
def resend_receipts():
    for loan_id in Loan.objects.without_receipt().values_list("pk", flat=True)[:500]:
        send_receipt.delay(loan_id)


@shared_task
def charge_overdue():
    lock = client.lock("charge-overdue", timeout=900)
    if not lock.acquire(blocking=False):
        return
    try:
        overdue = Loan.objects.open().filter(due_on__lt=timezone.localdate(), charged=False)
        for loan_id in overdue.values_list("pk", flat=True):
            charge_loan.delay(loan_id)
    finally:
        lock.release()


@shared_task(autoretry_for=(Exception,), max_retries=3)
def charge_loan(loan_id):
    with transaction.atomic():
        claimed = Loan.objects.filter(pk=loan_id, charged=False).update(charged=True)
        if not claimed:
            return
        loan = Loan.objects.get(pk=loan_id)
        Member.objects.filter(pk=loan.member_id).update(credit_cents=F("credit_cents") - 50)
