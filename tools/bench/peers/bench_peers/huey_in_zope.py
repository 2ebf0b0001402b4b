"""huey, whose consumer is a thread of the Zope that also answers requests."""

import threading

import Zope2
from huey import RedisHuey
from huey.consumer import Consumer

from bench_peers import environment
from bench_peers.job import Job


huey = RedisHuey(environment.NAME, url=environment.REDIS)
local = threading.local()


@huey.task()
def have_effect(key, loops):
    if not hasattr(local, "job"):
        local.job = Job(Zope2.DB)
    return local.job(key, loops)


def send(key, loops):
    have_effect(key, loops)


class ConsumerInZope(Consumer):
    def _set_signal_handlers(self):
        """Leave them to Zope."""


def start():
    ConsumerInZope(huey, workers=1, periodic=False).start()
