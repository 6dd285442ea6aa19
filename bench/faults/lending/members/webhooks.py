import hashlib
import hmac
import json

from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .models import Member, Payment


@csrf_exempt
@require_POST
def payment_webhook(request):
    wanted = hmac.new(settings.PAYMENT_SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("X-Signature", "")):
        return HttpResponse(status=400)
    event = json.loads(request.body)
    if event["type"] == "payment.succeeded":
        payment, created = Payment.objects.get_or_create(
            reference=event["payment"],
            defaults={"member_id": event["member"], "cents": event["cents"]},
        )
        if created:
            Member.objects.filter(pk=payment.member_id).update(credit_cents=F("credit_cents") + payment.cents)
    elif event["type"] == "payment.updated":
        Payment.objects.filter(reference=event["payment"], sequence__lt=event["sequence"]).update(
            status=event["status"], sequence=event["sequence"]
        )
    return HttpResponse(status=200)
