import json

from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from visits.models import Visit
from visits.tasks import book_visit


@csrf_exempt
@require_POST
def receive_visit(request):
    """A turnstile says that a badge went through."""
    data = json.loads(request.body)
    badge, entry = data["badge"], data["entry"]
    if Visit.objects.filter(entry=entry).exists():
        return JsonResponse({"entry": entry, "status": "known"})
    book_visit.delay(badge, entry)
    return JsonResponse({"entry": entry, "status": "accepted"}, status=202)
