from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from members.models import Member


@require_GET
def show_member(request, badge):
    member = get_object_or_404(Member, badge=badge)
    return JsonResponse({"badge": member.badge, "name": member.name, "points": member.points})
