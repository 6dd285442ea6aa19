from peewee import IntegrityError

from campsite.actors.mails import confirm
from campsite.database import db
from campsite.models import Pitch, Stay


class Full(Exception):
    pass


class Twice(Exception):
    pass


def book(pitch_id, guest_id, night):
    try:
        with db.atomic():
            pitch = Pitch.select().where(Pitch.id == pitch_id).for_update().get()
            if pitch.tents >= pitch.capacity:
                raise Full
            stay = Stay.create(pitch=pitch, guest=guest_id, night=night)
            pitch.tents += 1
            pitch.save(only=[Pitch.tents])
    except IntegrityError as error:
        raise Twice from error
    confirm.send(stay.id)
    return stay


def unconfirmed():
    return [stay.id for stay in Stay.select(Stay.id).where(~Stay.confirmed).limit(300)]
