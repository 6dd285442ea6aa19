"""What happens when somebody enrols."""

import logging

from redis import Redis
from rq import Queue
from sqlalchemy import select
from sqlalchemy.orm import Session

from coursedesk import confirming
from coursedesk.models import Course, Enrolment, Progress
from coursedesk.settings import REDIS_URL

log = logging.getLogger(__name__)

confirmations = Queue("confirmations", connection=Redis.from_url(REDIS_URL))


class UnknownCourse(LookupError):
    pass


def enrol(session: Session, email: str, slug: str) -> Enrolment:
    """Enrols somebody and has the confirmation sent."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        raise UnknownCourse(slug)
    enrolment = Enrolment(email=email, course_id=course.id)
    session.add(enrolment)
    session.flush()
    open_lessons(session, enrolment, course)
    session.flush()
    confirmations.enqueue(confirming.send_confirmation, enrolment.id, failure_ttl=3600)
    log.info("enrolment %s: %s in %s", enrolment.id, email, slug)
    return enrolment


def open_lessons(session: Session, enrolment: Enrolment, course: Course) -> None:
    """The progress page shows a line for each lesson."""
    for lesson in course.lessons:
        session.add(Progress(enrolment_id=enrolment.id, lesson_id=lesson.id))
