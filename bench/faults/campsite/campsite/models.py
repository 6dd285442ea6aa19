import datetime
import uuid

from peewee import (
    BigAutoField,
    BooleanField,
    CharField,
    DateField,
    ForeignKeyField,
    IntegerField,
    Model,
)
from playhouse.postgres_ext import BinaryJSONField

from campsite.database import db


class BaseModel(Model):
    class Meta:
        database = db


class Guest(BaseModel):
    id = BigAutoField()
    email = CharField(unique=True)
    nights = IntegerField(default=0)
    balance = IntegerField(default=0)
    preferences = BinaryJSONField(default=dict)
    revision = IntegerField(default=0)


class Pitch(BaseModel):
    id = BigAutoField()
    name = CharField(max_length=40, unique=True)
    tents = IntegerField(default=0)
    capacity = IntegerField()


class Stay(BaseModel):
    id = BigAutoField()
    pitch = ForeignKeyField(Pitch, backref="stays")
    guest = ForeignKeyField(Guest, backref="stays")
    night = DateField(default=datetime.date.today)
    code = CharField(max_length=36, unique=True, default=lambda: str(uuid.uuid4()))
    confirmed = BooleanField(default=False)

    class Meta:
        indexes = ((("guest", "night"), True),)


class Payment(BaseModel):
    id = BigAutoField()
    reference = CharField(max_length=64, unique=True)
    guest = ForeignKeyField(Guest, backref="payments")
    cents = IntegerField()
    state = CharField(max_length=20, default="open")
    step = IntegerField(default=0)


class Rental(BaseModel):
    id = BigAutoField()
    guest = ForeignKeyField(Guest, backref="rentals")
    article = CharField(max_length=40)
    count = IntegerField(default=0)

    class Meta:
        indexes = ((("guest", "article"), True),)
