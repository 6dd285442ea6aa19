import logging
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from miles import accrual, settings
from miles.database import session

logging.basicConfig(
    level=settings.LOG_LEVEL, format="%(asctime)s %(levelname)s %(name)s %(message)s"
)
app = FastAPI(title="Miles")
Opened = Annotated[Session, Depends(session)]


class Credit(BaseModel):
    miles: int
    reason: str


@app.get("/health")
def health(db: Opened) -> dict[str, bool]:
    db.execute(text("SELECT 1"))
    return {"ok": True}


@app.post("/members/{number}/credits", status_code=201)
def post_credit(number: str, wanted: Credit, db: Opened) -> dict[str, object]:
    accrual.enrol(db, number)
    member = accrual.credit(db, number, wanted.miles, wanted.reason)
    return {"member": number, "balance": member.balance, "tier": member.tier}


@app.get("/members/{number}/statement")
def get_statement(number: str, db: Opened) -> list[dict[str, object]]:
    lines = accrual.statement(db, number)
    return [{"miles": each.miles, "reason": each.reason} for each in lines]
