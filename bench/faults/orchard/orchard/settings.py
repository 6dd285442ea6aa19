import os

DATABASE_URL = os.environ.get("DATABASE_URL", "postgres://localhost/orchard")
REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost")
PAYMENTS_SECRET = os.environ.get("PAYMENTS_SECRET", "")
SCALES_KEY = os.environ.get("SCALES_KEY", "")
MAIL_URL = os.environ.get("MAIL_URL", "http://mail.internal")
DEPOT_URL = os.environ.get("DEPOT_URL", "http://depot.internal")

TORTOISE = {
    "connections": {"default": DATABASE_URL},
    "apps": {"models": {"models": ["orchard.models", "aerich.models"], "default_connection": "default"}},
}
