"""RQ, with a worker that forks nothing and keeps its database open."""

from redis import Redis
from rq import Queue
from rq import SimpleWorker

from bench_peers import environment
from bench_peers.job import Job


redis = Redis.from_url(environment.REDIS)
queue = Queue(environment.NAME, connection=redis)

jobs = []


def have_effect(key, loops):
    return jobs[0](key, loops)


def send(key, loops):
    queue.enqueue(have_effect, key, loops)


if __name__ == "__main__":
    # The module that messages name, and not __main__.
    from bench_peers import rq_worker

    rq_worker.jobs.append(Job())
    print("ready", flush=True)
    SimpleWorker([queue], connection=redis).work()
