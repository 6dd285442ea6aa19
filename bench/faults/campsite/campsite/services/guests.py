from peewee import IntegrityError

from campsite.database import db
from campsite.models import Guest, Rental


class NotEnough(Exception):
    pass


def register(email):
    guest, _ = Guest.get_or_create(email=email)
    return guest


def stayed(guest_id):
    Guest.update(nights=Guest.nights + 1).where(Guest.id == guest_id).execute()


def pay(guest_id, cents):
    paid = (
        Guest.update(balance=Guest.balance - cents).where((Guest.id == guest_id) & (Guest.balance >= cents)).execute()
    )
    if not paid:
        raise NotEnough


def give(giver_id, taker_id, cents):
    with db.atomic():
        rows = Guest.select().where(Guest.id.in_([giver_id, taker_id])).order_by(Guest.id).for_update()
        people = {guest.id: guest for guest in rows}
        if people[giver_id].balance < cents:
            raise NotEnough
        people[giver_id].balance -= cents
        people[taker_id].balance += cents
        people[giver_id].save(only=[Guest.balance])
        people[taker_id].save(only=[Guest.balance])


def prefer(guest_id, wanted):
    guest = Guest.get_by_id(guest_id)
    merged = {**guest.preferences, **wanted}
    changed = (
        Guest.update(preferences=merged, revision=Guest.revision + 1)
        .where(Guest.id == guest_id, Guest.revision == guest.revision)
        .execute()
    )
    return merged if changed else None


def borrow(guest_id, article):
    try:
        with db.atomic():
            Rental.create(guest=guest_id, article=article, count=1)
    except IntegrityError:
        Rental.update(count=Rental.count + 1).where((Rental.guest == guest_id) & (Rental.article == article)).execute()
