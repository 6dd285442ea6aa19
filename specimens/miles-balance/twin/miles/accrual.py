"""Crediting flights, partners' purchases and rewards to members."""

import logging

from miles.models import Member, Posting
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

log = logging.getLogger("miles.accrual")
SILVER, GOLD = 25_000, 60_000


def enrol(session: Session, number: str) -> None:
    """Members join with their first booking; later ones find them there."""
    session.execute(insert(Member).values(number=number).on_conflict_do_nothing())
    session.commit()


def credit(session: Session, number: str, miles: int, reason: str) -> Member:
    member = session.scalars(select(Member).where(Member.number == number).with_for_update()).one()
    member.balance += miles
    member.tier = tier_for(member.balance)
    session.add(Posting(member_number=number, miles=miles, reason=reason))
    session.commit()
    log.info("%s: %+d for %s, balance %d", number, miles, reason, member.balance)
    return member


def statement(session: Session, number: str) -> list[Posting]:
    wanted = select(Posting).where(Posting.member_number == number).order_by(Posting.id)
    return list(session.scalars(wanted))


def tier_for(balance: int) -> str:
    if balance >= GOLD:
        return "gold"
    return "silver" if balance >= SILVER else "blue"
