from flask import Flask

from campsite.config import Config
from campsite.database import db
from campsite.views import guests, hooks, pitches


def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)

    @app.before_request
    def open_connection():
        db.connect(reuse_if_open=True)

    @app.teardown_request
    def close_connection(_):
        if not db.is_closed():
            db.close()

    app.register_blueprint(guests.blueprint)
    app.register_blueprint(pitches.blueprint)
    app.register_blueprint(hooks.blueprint)
    return app
