import json
import logging

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from stock.models import Shelf
from stock.moving import TooFew
from stock.moving import move as move_article

log = logging.getLogger("stock.views")


@require_GET
def alive(_request: HttpRequest) -> HttpResponse:
    connection.ensure_connection()
    return HttpResponse("alive")


@csrf_exempt
@require_POST
def move(request: HttpRequest) -> JsonResponse:
    order = json.loads(request.body)
    try:
        made = move_article(
            order["article"], order["source"], order["target"], int(order["quantity"])
        )
    except TooFew as error:
        return JsonResponse({"error": str(error)}, status=409)
    except OperationalError as error:
        log.error("move of %s failed: %s", order["article"], error)
        return JsonResponse({"error": "try again"}, status=503)
    return JsonResponse({"move": made.pk}, status=201)


@require_GET
def article(_request: HttpRequest, article: str) -> JsonResponse:
    shelves = Shelf.objects.filter(article=article).order_by("bin")
    return JsonResponse({each.bin: each.quantity for each in shelves})
