from redis import Redis
from rq import Queue

from parcelpoint.config import settings

scans = Queue("scans", connection=Redis.from_url(settings.redis_url))
