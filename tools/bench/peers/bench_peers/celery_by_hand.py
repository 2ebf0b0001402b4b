"""Celery, whose children open the database once."""

from celery import Celery
from celery.signals import worker_process_init

from bench_peers import environment
from bench_peers.job import Job


app = Celery("by_hand", broker=environment.REDIS, backend=environment.REDIS)
app.conf.task_default_queue = environment.NAME

jobs = []


@worker_process_init.connect
def open_database(**kwargs):
    jobs.append(Job())


@app.task(name="have_effect")
def have_effect(key, loops):
    return jobs[0](key, loops)


def send(key, loops):
    have_effect.delay(key, loops)
