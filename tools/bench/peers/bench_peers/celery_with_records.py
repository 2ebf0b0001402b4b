"""Celery by hand again, with three commits a job, as netsight.async has.

A record is committed with the start, so that no job is lost with its message;
that it is begun, before it is, so that it is not done twice; and its end with
the effect, so that both are there or none.  Nobody looks at the records: who
would recover what died, and tell of it, is not written here.
"""

from bench_site import effects
from celery import Celery
from celery.signals import worker_process_init
from persistent import Persistent

from bench_peers import environment
from bench_peers.job import Job


app = Celery("by_hand", broker=environment.REDIS, backend=environment.REDIS)
app.conf.task_default_queue = environment.NAME

jobs = []

PREFIX = "record of "
"""Records are kept in the trees of effects, which exist in each database."""


class Record(Persistent):
    """What is known of a job."""

    state = "queued"


@worker_process_init.connect
def open_database(**kwargs):
    jobs.append(Job())


def note(root, key):
    """Store that a job is queued, in the transaction of its start."""
    effects.tree_of(root, key)[PREFIX + key] = Record()


def record_of(root, key):
    return effects.tree_of(root, key)[PREFIX + key]


@app.task(name="have_effect")
def have_effect(key, loops):
    def begin(root):
        record_of(root, key).state = "running"

    def work(root):
        for _loop in range(int(loops)):
            pass
        effects.have(root, key)
        record_of(root, key).state = "done"

    jobs[0].commit(begin)
    jobs[0].commit(work)
    return "done"


def send(key, loops):
    have_effect.delay(key, loops)
