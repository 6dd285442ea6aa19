import json
import logging

from django.db import transaction
from django.db.models import Sum
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.models import Invoice, Payment
from billing.tasks import send_reminder

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def write_invoice(request):
    data = json.loads(request.body)
    invoice = Invoice.objects.create(
        number=data["number"], email=data["email"], cents=data["cents"]
    )
    log.info("invoice %s written", invoice.number)
    return JsonResponse({"number": invoice.number}, status=201)


@csrf_exempt
@require_POST
def remind(request, number):
    invoice = get_object_or_404(Invoice, number=number)
    if invoice.status == Invoice.Status.PAID:
        return JsonResponse({"number": number, "status": invoice.status})
    send_reminder.delay(number)
    return JsonResponse({"number": number, "status": "reminding"}, status=202)


@csrf_exempt
@require_POST
def receive_payment(request, number):
    """The bank reports money; the invoice is closed once all of it came."""
    data = json.loads(request.body)
    with transaction.atomic():
        invoice = get_object_or_404(Invoice.objects.select_for_update(), number=number)
        Payment.objects.create(invoice=invoice, cents=data["cents"])
        if invoice.payments.aggregate(sum=Sum("cents"))["sum"] >= invoice.cents:
            invoice.status = Invoice.Status.PAID
            invoice.save(update_fields=["status"])
    log.info("invoice %s: %s cents received, %s", number, data["cents"], invoice.status)
    return JsonResponse({"number": number, "status": invoice.status}, status=201)
