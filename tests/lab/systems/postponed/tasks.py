"""What a Celery worker does, in a process that it forks."""

import os
import time

import psycopg
from celery import Celery

app = Celery("tasks", broker=os.environ["QUEUE_URL"])
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_connection_retry_on_startup = True
books = None


@app.task
def remember(who):
    global books
    books = books or psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    books.execute("INSERT INTO reminded VALUES (%s, %s)", (who, time.time() * 1000))
