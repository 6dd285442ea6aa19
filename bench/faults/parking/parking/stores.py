import os

import redis
from psycopg_pool import ConnectionPool
from rq import Queue

pool = ConnectionPool(os.environ["DATABASE_URL"])
store = redis.Redis.from_url(os.environ["REDIS_URL"])
jobs = Queue("parking", connection=store)
