"""Makes procrastinate's tables and functions."""

from errand import app

with app.open():
    app.schema_manager.apply_schema()
