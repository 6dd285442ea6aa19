import logging

from rq import Worker

from labels import settings
from labels.queueing import connection, queue

logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
Worker([queue], connection=connection, job_monitoring_interval=settings.MONITORING_S).work(
    logging_level="INFO"
)
