import uuid

from tortoise import fields
from tortoise.models import Model


class Member(Model):
    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=200, unique=True)
    credit_cents = fields.IntField(default=0)
    boxes = fields.IntField(default=0)
    wishes = fields.JSONField(default=dict)
    revision = fields.IntField(default=0)

    class Meta:
        table = "members"


class Crop(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=80, unique=True)
    kilos = fields.IntField()
    cents = fields.IntField()
    sold = fields.IntField(default=0)

    class Meta:
        table = "crops"


class Box(Model):
    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=40, unique=True, default=lambda: str(uuid.uuid4()))
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField("models.Member", related_name="boxes_ordered")
    crop: fields.ForeignKeyRelation[Crop] = fields.ForeignKeyField("models.Crop")
    week = fields.CharField(max_length=8)
    kilos = fields.IntField()
    packed = fields.BooleanField(default=False)

    class Meta:
        table = "boxes"
        unique_together = (("member", "week"),)


class Payment(Model):
    id = fields.IntField(primary_key=True)
    reference = fields.CharField(max_length=64, unique=True)
    member: fields.ForeignKeyRelation[Member] = fields.ForeignKeyField("models.Member")
    cents = fields.IntField()

    class Meta:
        table = "payments"


class Truck(Model):
    id = fields.IntField(primary_key=True)
    plate = fields.CharField(max_length=16, unique=True)
    state = fields.CharField(max_length=16, default="parked")
    sequence = fields.IntField(default=0)

    class Meta:
        table = "trucks"
