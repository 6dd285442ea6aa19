import os

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
QUEUE = "labels"
PRINTER_S_PER_LABEL = float(os.environ.get("PRINTER_S_PER_LABEL", "0.315"))
MONITORING_S = int(os.environ.get("MONITORING_S", "30"))
