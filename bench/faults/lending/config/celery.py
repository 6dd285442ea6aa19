import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("lending")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "overdue": {"task": "catalogue.tasks.charge_overdue", "schedule": crontab(hour=3, minute=10)},
    "receipts": {"task": "catalogue.tasks.resend_receipts", "schedule": 300.0},
}
