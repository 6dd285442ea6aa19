import os

DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql://localhost/miles")
POOL_SIZE = int(os.environ.get("POOL_SIZE", "10"))
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO")
