"""Guesses for Python projects: Django, FastAPI, Flask; Celery, RQ and their like."""
