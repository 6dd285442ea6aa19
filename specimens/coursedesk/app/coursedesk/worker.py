"""Sends confirmations: python -m coursedesk.worker"""

import logging

from redis import Redis
from rq import Queue, SimpleWorker

from coursedesk.settings import LOG_FORMAT, REDIS_URL


def main() -> None:
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    connection = Redis.from_url(REDIS_URL)
    SimpleWorker([Queue("confirmations", connection=connection)], connection=connection).work()


if __name__ == "__main__":
    main()
