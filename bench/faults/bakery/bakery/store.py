import os
import uuid

import redis
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
cache = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


class Bread(db.Model):
    __tablename__ = "breads"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String, nullable=False)
    loaves = db.Column(db.Integer, nullable=False, default=0)


class Regular(db.Model):
    __tablename__ = "regulars"
    id = db.Column(db.Integer, primary_key=True)
    phone = db.Column(db.String, nullable=False, unique=True)
    stamps = db.Column(db.Integer, nullable=False, default=0)


class Reservation(db.Model):
    __tablename__ = "reservations"
    __table_args__ = (db.UniqueConstraint("regular_id", "day"),)
    id = db.Column(db.Integer, primary_key=True)
    regular_id = db.Column(db.ForeignKey("regulars.id"), nullable=False)
    day = db.Column(db.Date, nullable=False)
    pickup = db.Column(db.String, nullable=False, unique=True, default=lambda: uuid.uuid4().hex)


class Delivery(db.Model):
    __tablename__ = "deliveries"
    id = db.Column(db.Integer, primary_key=True)
    mill_id = db.Column(db.String, nullable=False, unique=True)
