from redis import Redis
from rq import Queue

from labels import settings

connection = Redis.from_url(settings.REDIS_URL)
queue = Queue(settings.QUEUE, connection=connection)
