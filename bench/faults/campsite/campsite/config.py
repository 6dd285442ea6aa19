import os


class Config:
    DATABASE = os.environ.get("DATABASE_URL", "postgresql://localhost/campsite")
    REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
    MAIL_URL = os.environ.get("MAIL_URL", "http://mail.internal")
    GATE_URL = os.environ.get("GATE_URL", "http://gate.internal")
    PAYMENT_SECRET = os.environ.get("PAYMENT_SECRET", "").encode()
