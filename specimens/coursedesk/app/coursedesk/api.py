import logging

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from coursedesk.database import get_session
from coursedesk.enrolling import UnknownCourse, enrol
from coursedesk.settings import LOG_FORMAT

logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)

app = FastAPI(title="coursedesk")


class EnrolmentIn(BaseModel):
    email: str = Field(max_length=200, pattern="@")
    course: str


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/enrolments", status_code=201)
def create_enrolment(
    wanted: EnrolmentIn, session: Session = Depends(get_session)
) -> dict[str, int | str]:
    try:
        enrolment = enrol(session, wanted.email, wanted.course)
    except UnknownCourse:
        raise HTTPException(404, f"there is no course {wanted.course}") from None
    return {"id": enrolment.id, "email": enrolment.email}
