"""Posts jobs to the Zopes of a round, from some threads at once."""

import itertools
import queue
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException


POSTERS = 3


class Posting:
    """Posts jobs from some threads, until all servers are gone."""

    def __init__(self, zopes, posts):
        self._zopes = itertools.cycle(zopes)
        self._all = zopes
        self._left = queue.SimpleQueue()
        for post in posts:
            self._left.put(post)
        self.started = {}
        self.sent = 0
        self.cut = 0
        self.refused = 0
        self._pool = ThreadPoolExecutor(POSTERS)
        self._posters = [
            self._pool.submit(self._work) for _number in range(POSTERS)
        ]

    def is_done(self):
        """Tell whether all has been posted, or nobody is left to post to."""
        return all(poster.done() for poster in self._posters)

    def end(self):
        """Wait for the posters; raises what one of them has raised."""
        self._pool.shutdown()
        for poster in self._posters:
            poster.result()

    def _work(self):
        while not all(zope.has_ended() for zope in self._all):
            try:
                post = self._left.get_nowait()
            except queue.Empty:
                return
            time.sleep(post.pause)
            self._post(next(self._zopes), post)

    def _post(self, zope, post):
        self.sent += 1
        try:
            process_id = zope.start_job(
                post.view, post.upload, seconds=post.seconds
            )
        except (OSError, HTTPException):
            self.cut += 1
        else:
            if process_id is None:
                self.refused += 1
            else:
                self.started[process_id] = post.view
