import logging

from celery import shared_task
from django.conf import settings

from members.models import Member
from visits.models import Visit

log = logging.getLogger(__name__)


@shared_task
def book_visit(badge, entry):
    """Books one entry and credits the points of a visit."""
    member, new = Member.objects.get_or_create(badge=badge)
    if new:
        log.info("first visit of %s", badge)
    if Visit.objects.filter(entry=entry).exists():
        log.info("entry %s is booked already", entry)
        return None
    visit = Visit.objects.create(member=member, entry=entry)
    member.points += settings.POINTS_PER_VISIT
    member.save(update_fields=["points"])
    return visit.pk
