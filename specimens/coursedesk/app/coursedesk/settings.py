import os

DATABASE_URL = os.environ["DATABASE_URL"]
REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
