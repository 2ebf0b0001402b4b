"""Has processes run by Celery; the app that its workers are started with.

    NETSIGHT_ASYNC_ZOPE_CONF=etc/zope.conf \\
        celery -A netsight.async_.executors.celery worker

A message has the id of a process and the name of the database that holds its
record, and nothing else.  It is a doorbell: who gets it claims the record, or
finds that another was quicker.  So messages are acknowledged before the work,
none is ever delivered again by the broker, and no result is stored there.
"""

import os

import Zope2
from App.config import setConfiguration
from celery import Celery
from celery.utils import uuid
from Zope2.Startup.handlers import handleWSGIConfig
from Zope2.Startup.options import ZopeWSGIOptions

from netsight.async_ import config
from netsight.async_.executors.broker import BrokerExecutor
from netsight.async_.forks import in_forked_child


TASK = "netsight.async.run"
"""Its code is in `netsight.async_.serving.celery_worker`."""

PRIORITIES = 10
"""As many as a view has: 0 to 9."""

START_SECONDS = 600
"""A child may need so long to make its Zope; Celery gives it 4 seconds."""

REDIS = ("redis", "rediss", "sentinel", "redis+socket")
RABBITMQ = ("amqp", "amqps", "pyamqp")

BROKER_SECONDS = 5
"""How long the sender waits for the broker to answer once."""

HEARTBEAT_SECONDS = 20
"""How often a worker and RabbitMQ look whether the other is there.

The sender answers none of its heartbeats: it keeps no connection for so long
without sending anything, see `BrokerExecutor.IDLE_SECONDS`.
"""


class Configuration:
    """The settings of Celery, by their names there; read when first needed."""

    task_serializer = "json"
    accept_content = ("json",)
    task_ignore_result = True
    task_store_errors_even_if_ignored = False

    task_acks_late = False
    # What a worker fetches beyond what it runs waits behind that.
    worker_prefetch_multiplier = 1
    worker_proc_alive_timeout = START_SECONDS

    # A worker waits for its broker, however long it is away.
    broker_connection_retry_on_startup = True
    broker_connection_max_retries = None
    # Also one that refuses: RabbitMQ closes a channel, Redis may be read-only
    # for a moment, or full.  Without this the worker ends.
    broker_channel_error_retry = True
    broker_heartbeat = HEARTBEAT_SECONDS
    worker_cancel_long_running_tasks_on_connection_loss = False

    task_queue_max_priority = PRIORITIES - 1
    include = ("netsight.async_.serving.celery_worker",)

    @property
    def broker_url(self):
        return setting("celery-broker")

    @property
    def worker_disable_prefetch(self):
        # Celery can do without for Redis only.
        return scheme() in REDIS

    @property
    def broker_transport_options(self):
        if scheme() in REDIS:
            return {
                "priority_steps": list(range(PRIORITIES)),
                # A worker must find out that nobody answers any more.
                "socket_timeout": 2 * BROKER_SECONDS,
                "socket_connect_timeout": BROKER_SECONDS,
                "health_check_interval": BROKER_SECONDS,
            }
        if scheme() in RABBITMQ:
            return {
                # A message is sent when the broker says that it has it.
                "confirm_publish": True,
                "read_timeout": 2 * BROKER_SECONDS,
                "write_timeout": 2 * BROKER_SECONDS,
            }
        return {}

    @property
    def task_queues(self):
        served = setting("queues") or (config.DEFAULT_QUEUE,)
        return {broker_queue(queue): {} for queue in served}

    @property
    def task_default_queue(self):
        return broker_queue(config.DEFAULT_QUEUE)

    # Sites that share a broker must not shut down each other's workers.

    @property
    def control_exchange(self):
        return broker_queue("control")

    @property
    def event_exchange(self):
        return broker_queue("events")

    event_queue_prefix = event_exchange


def setting(name):
    """Return a setting of ours, in a worker that has no Zope yet, too."""
    path = os.environ.get(config.CELERY_ZOPE_CONF)
    if path and Zope2.DB is None:
        options = ZopeWSGIOptions(configfile=path)()
        handleWSGIConfig(options.configroot, options.confighandlers)
        setConfiguration(options.configroot)
    return config.get(name)


def scheme():
    """Return the kind of the broker, as its URL says it."""
    return setting("celery-broker").partition("://")[0]


def broker_queue(queue):
    """Return what a queue of ours is called in the broker."""
    return f"{setting('celery-prefix')}.{queue}"


def database_name():
    """Return the name of the database that holds the records."""
    return config.get("database") or Zope2.DB.database_name


class CeleryBroker:
    """A connection to the broker; see `executors.broker.BrokerExecutor`."""

    def __init__(self, app):
        self._app = app
        self._connection = app.connection_for_write(
            connect_timeout=BROKER_SECONDS, transport_options=time_limits()
        )
        self._producer = app.amqp.Producer(
            self._connection, auto_declare=False
        )
        self._is_redis = scheme() in REDIS
        self._database = database_name()
        self._names = {}

    def send(self, process_id, queue, priority):
        """Have the broker take a message; raises an error if it does not."""
        name = self._names.get(queue) or self._declare(queue)
        if self._is_redis:
            # Of the numbers there, the lowest is taken first.
            priority = PRIORITIES - 1 - priority
        amqp = self._app.amqp
        amqp.send_task_message(
            self._producer,
            TASK,
            # What `send_task` does beside this is for those who want a result.
            amqp.create_task_message(
                uuid(), TASK, (process_id, self._database), ignore_result=True
            ),
            queue=name,
            priority=priority,
            # It is, once for each connection.
            declare=[],
            retry=False,
        )

    def length(self, queue):
        """Return how many messages wait in a queue.

        One that somebody has deleted at the broker is there again then.
        """
        return self._bound(broker_queue(queue)).queue_declare().message_count

    def _declare(self, queue):
        """Make a queue at the broker, if needed; return its name there."""
        name = broker_queue(queue)
        self._bound(name).declare()
        self._names[queue] = name
        return name

    def _bound(self, name):
        return self._app.amqp.queues[name](self._producer.channel)

    def close(self):
        self._connection.release()


def time_limits():
    """Return options with which a broker that is away is waited for once."""
    once = {"max_retries": 1, "interval_start": 0, "interval_max": 0}
    if scheme() in REDIS:
        return {
            **once,
            "socket_timeout": BROKER_SECONDS,
            "socket_connect_timeout": BROKER_SECONDS,
        }
    if scheme() in RABBITMQ:
        return {
            **once,
            "read_timeout": BROKER_SECONDS,
            "write_timeout": BROKER_SECONDS,
        }
    return once


def make_app():
    """Return an app of Celery with our configuration."""
    made = Celery("netsight.async", set_as_current=False)
    made.config_from_object(Configuration())
    return made


app = make_app()

celery_executor = BrokerExecutor(lambda: CeleryBroker(app))

in_forked_child(celery_executor.renew)
