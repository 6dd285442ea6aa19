"""redis-py by way of a Sentinel: PORT of the Sentinel, name of the master."""

import sys

from redis.sentinel import Sentinel

sentinel = Sentinel([("127.0.0.1", int(sys.argv[1]))], socket_timeout=5)
master = sentinel.master_for(sys.argv[2], socket_timeout=5)
print(master.set("by", "sentinel"), master.get("by"))
master.connection_pool.disconnect()
print("again", master.get("by"), master.role()[0])
