import logging
import sys

from waitress import serve

from labels.web import app

logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=6)
