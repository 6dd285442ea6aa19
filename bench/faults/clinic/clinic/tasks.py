import os

import httpx
from celery import Celery
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from clinic.database import SessionLocal
from clinic.locks import lease
from clinic.models import Appointment, Message, Patient, Prescription

app = Celery("clinic", broker=os.environ["REDIS_URL"])
app.conf.task_acks_late = True


@app.task(autoretry_for=(httpx.HTTPError,), max_retries=5, retry_backoff=True)
def remind(appointment_id: int) -> None:
    with SessionLocal() as session:
        appointment = session.get(Appointment, appointment_id)
        if appointment is None:
            return
    httpx.post(
        f"{os.environ['SMS_URL']}/messages",
        json={"to": appointment.patient_id, "text": appointment.code},
        headers={"Idempotency-Key": f"remind-{appointment_id}"},
    ).raise_for_status()


@app.task(max_retries=5)
def take_message(message: dict) -> None:
    with SessionLocal.begin() as session:
        made = session.execute(
            insert(Message)
            .values(sender_id=message["id"])
            .on_conflict_do_nothing(index_elements=["sender_id"])
            .returning(Message.id)
        ).scalar_one_or_none()
        if made is None:
            return
        session.execute(
            update(Patient)
            .where(Patient.insurance_number == message["patient"])
            .values(deposit_cents=Patient.deposit_cents + message["cents"])
        )


@app.task
def take_state(change: dict) -> None:
    with SessionLocal.begin() as session:
        session.execute(
            update(Prescription)
            .where(
                Prescription.number == change["number"], Prescription.revision < change["revision"]
            )
            .values(state=change["state"], revision=change["revision"])
        )


@app.task
def settle_day(day: str) -> None:
    with lease(f"settle-{day}", 120) as mine:
        if mine:
            httpx.post(
                f"{os.environ['BANK_URL']}/days/{day}",
                headers={"Idempotency-Key": day},
                timeout=30,
            )
