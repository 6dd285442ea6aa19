import hashlib
import hmac
import os
import secrets

from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from clinic import tasks
from clinic.database import get_session
from clinic.locks import COUNT
from clinic.models import Appointment, Chart, Patient, Slot

app = FastAPI()


@app.post("/appointments", status_code=201)
def book(patient_id: int, slot_id: int, session: Session = Depends(get_session)) -> dict:
    taken = session.execute(
        update(Slot).where(Slot.id == slot_id, Slot.free > 0).values(free=Slot.free - 1)
    )
    if taken.rowcount == 0:
        session.rollback()
        raise HTTPException(409, "no place left")
    appointment = Appointment(
        patient_id=patient_id, slot_id=slot_id, code=secrets.token_urlsafe(16)
    )
    session.add(appointment)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        raise HTTPException(409, "already booked") from None
    tasks.remind.apply_async((appointment.id,), countdown=3600)
    return {"id": appointment.id}


@app.post("/patients")
def register(insurance_number: str, session: Session = Depends(get_session)) -> dict:
    patient = Patient(insurance_number=insurance_number)
    session.add(patient)
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        patient = session.scalars(
            select(Patient).where(Patient.insurance_number == insurance_number)
        ).one()
    return {"id": patient.id}


@app.post("/patients/{patient_id}/withdraw")
def withdraw(patient_id: int, cents: int, session: Session = Depends(get_session)) -> dict:
    patient = session.scalars(
        select(Patient).where(Patient.id == patient_id).with_for_update()
    ).one()
    if patient.deposit_cents < cents:
        raise HTTPException(402, "not enough")
    patient.deposit_cents -= cents
    session.commit()
    return {"left": patient.deposit_cents}


@app.post("/patients/{giver_id}/give/{taker_id}")
def give(giver_id: int, taker_id: int, cents: int, session: Session = Depends(get_session)) -> dict:
    for patient_id in sorted((giver_id, taker_id)):
        session.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    session.execute(
        update(Patient)
        .where(Patient.id == giver_id)
        .values(deposit_cents=Patient.deposit_cents - cents)
    )
    session.execute(
        update(Patient)
        .where(Patient.id == taker_id)
        .values(deposit_cents=Patient.deposit_cents + cents)
    )
    session.commit()
    return {"given": cents}


@app.post("/charts/{chart_id}/visit")
def visit(chart_id: int, session: Session = Depends(get_session)) -> dict:
    chart = session.get_one(Chart, chart_id)
    chart.visits += 1
    session.commit()
    return {"visits": chart.visits}


@app.get("/slots/{slot_id}")
def slot(slot_id: int, session: Session = Depends(get_session)) -> dict:
    found = session.get_one(Slot, slot_id)
    return {"doctor": found.doctor, "free": found.free}


@app.post("/calls/{ip}")
def call(ip: str) -> dict:
    calls = COUNT(keys=[f"calls:{ip}"], args=[60])
    if calls > 10:
        raise HTTPException(429, "too many calls")
    return {"calls": calls}


@app.post("/messages", status_code=202)
async def message(request: Request) -> dict:
    body = await request.body()
    wanted = hmac.new(os.environ["SENDER_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("x-signature", "")):
        raise HTTPException(400, "not signed")
    tasks.take_message.delay(await request.json())
    return {"taken": True}


@app.get("/slots")
def count(session: Session = Depends(get_session)) -> dict:
    return {"slots": session.scalar(select(func.count()).select_from(Slot))}
