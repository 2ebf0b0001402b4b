"""What a worker of Celery does with messages that none of its children takes.

A worker fetches some ahead.  Behind long processes they would wait there while
another worker is idle, and RabbitMQ closes the channel of a worker that keeps
one for longer than its `consumer_timeout`.  Redis needs none of this: Celery
fetches nothing ahead there, see `executors.celery.Configuration`.
"""

import logging
import time

from celery import bootsteps
from celery.worker import state
from celery.worker.consumer import Tasks


logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether a child is free."""

HOLD_SECONDS = 5.0
"""Messages that are held for so long while all children work are given back.

At once would be a question to the broker for each short process.
"""


class GiveBack(bootsteps.StartStopStep):
    """Gives messages back to RabbitMQ, and fetches none while all work.

    A process whose message was given back may still be run here, as soon as a
    child is free; then its message is one too many, which does nothing.
    """

    requires = (Tasks,)

    def __init__(self, consumer, **kwargs):
        super().__init__(consumer, **kwargs)
        self._timer = None
        self._held_since = None
        self._is_paused = False

    def include_if(self, consumer):
        transport = consumer.app.connection_for_read().transport
        return transport.driver_type == "amqp"

    def start(self, consumer):
        self._held_since, self._is_paused = None, False
        self._timer = consumer.timer.call_repeatedly(
            LOOK_SECONDS, self._look, (consumer,)
        )

    def stop(self, consumer):
        if self._timer is not None:
            self._timer.cancel()

    shutdown = stop

    def _look(self, consumer):
        if len(state.active_requests) < consumer.pool.num_processes:
            self._held_since = None
            self._go_on(consumer)
            return
        held = [each for each in state.reserved_requests if is_held(each)]
        if not held:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = time.monotonic()
        elif time.monotonic() - self._held_since > HOLD_SECONDS:
            self._give_back(consumer, held)

    def _give_back(self, consumer, held):
        # First, or they would come again.
        consumer.task_consumer.cancel()
        self._is_paused = True
        for each in held:
            each.reject(requeue=True)
        logger.info("all children work: gave %s messages back", len(held))

    def _go_on(self, consumer):
        if self._is_paused:
            self._is_paused = False
            consumer.task_consumer.consume()


def is_held(request):
    """Tell whether a request of Celery has a message that no child took."""
    return request not in state.active_requests and not request.acknowledged
