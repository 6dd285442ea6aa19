"""The job that confirms an enrolment by mail."""

import logging
from datetime import datetime

from coursedesk.database import new_session
from coursedesk.models import Enrolment

log = logging.getLogger(__name__)


def send_confirmation(enrolment_id: int) -> None:
    with new_session.begin() as session:
        enrolment = session.get(Enrolment, enrolment_id)
        if enrolment is None:
            raise LookupError(f"no enrolment with the number {enrolment_id}")
        enrolment.confirmed_at = datetime.now()
        log.info("enrolment %s confirmed to %s", enrolment.id, enrolment.email)
