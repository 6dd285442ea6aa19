import os

SECRET_KEY = os.environ["SECRET_KEY"]
ROOT_URLCONF = "theatre.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "rest_framework", "tickets"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "theatre"}}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
    }
}
CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_TASK_ACKS_LATE = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
