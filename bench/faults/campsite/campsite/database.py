from playhouse.db_url import connect

from campsite.config import Config

db = connect(Config.DATABASE)
