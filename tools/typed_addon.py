"""What the type hints of netsight.async tell those who check their add-on.

`make types` checks this file, and the add-on of the tutorial.  Nobody runs it.
Where a line says "type: ignore", it is wrong, and mypy must find it so.
"""

from collections.abc import Iterator
from typing import Any
from typing import assert_type

from netsight.async_ import BaseAsyncView
from netsight.async_ import NoSuchProcessError
from netsight.async_ import Retry
from netsight.async_ import current_process
from netsight.async_ import getProcessRegistry
from netsight.async_ import in_background
from netsight.async_ import page_url
from netsight.async_ import start_process
from netsight.async_.actions import cancel
from netsight.async_.actions import remove_ended
from netsight.async_.actions import run_again
from netsight.async_.interfaces import IProcess
from netsight.async_.interfaces import IProcessEndedEvent
from netsight.async_.queries import Query
from netsight.async_.queries import find
from netsight.async_.queries import health_of
from netsight.async_.testing import inline_processes


class Report(BaseAsyncView):
    title = "A report"
    cancellable = True
    single = "user"
    retry = Retry((OSError, "smtplib.SMTPException"), times=5)
    time_limit = 600

    def __run__(self, process_id: str | None = None) -> str:
        names = ["a", "b"]
        assert_type(self.track(names), Iterator[str])
        for number, name in enumerate(self.track(names), 1):
            self.set_progress(process_id, 100 * number / 2, name)
        self.checkpoint()
        self.set_progress(process_id, "half")  # type: ignore[arg-type]
        return "done"


class WithFields(BaseAsyncView):
    single = "site"  # type: ignore[assignment]
    priority = "high"  # type: ignore[assignment]

    def run_process(self) -> bool:
        return bool(self.request.form.get("go"))

    def __run__(self, kind: str, process_id: str | None = None) -> bytes:
        return kind.encode()


Taken = in_background(object, button=("a", "b"), cancellable=True)


def retitle(folder: Any, ending: str) -> None:
    for item in current_process().track(folder.objectValues()):
        item.title += ending
    current_process().set_progress(50, "Half of it")
    current_process().set_progress(None, 50)  # type: ignore[arg-type]


def on_change(folder: Any, event: IProcessEndedEvent) -> str:
    assert_type(event.process, IProcess)
    process = start_process(folder, retitle, "!", title="New titles")
    assert_type(process, IProcess)
    assert_type(process.state, str)
    assert_type(process.finished, float | None)
    start_process(folder, "report", form={"a": 1})
    start_process(folder, 5)  # type: ignore[arg-type]
    start_process(folder, retitle, "!", retry=3)  # type: ignore[arg-type]
    return page_url(process)


def clean_up(app: Any) -> int:
    registry = getProcessRegistry(app)
    query = Query(states=("failed",), path="/Plone")
    for process_id in find(registry, query).ids:
        try:
            cancel(run_again(registry, registry[process_id]))
        except NoSuchProcessError:
            continue
    assert_type(health_of(registry), dict[str, int])
    count, go_on = remove_ended(query)
    assert_type(go_on, str | None)
    Query(status="failed")  # type: ignore[call-arg]
    return count


with inline_processes():
    pass
