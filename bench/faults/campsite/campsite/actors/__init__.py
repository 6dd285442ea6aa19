import dramatiq
from dramatiq.brokers.redis import RedisBroker

from campsite.config import Config

broker = RedisBroker(url=Config.REDIS_URL)
dramatiq.set_broker(broker)
