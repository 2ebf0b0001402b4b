"""A view that says of its processes what it may not say."""

from unittest import mock

from netsight.async_.exceptions import BadChoiceError
from netsight.async_.exceptions import BadQueueError
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.views import JobView


class ChoiceTests(AsyncTestCase):
    def check(self, name, values, error=BadChoiceError, **others):
        """Each value must be refused at the first look, and at a start."""
        for value in values:
            choices = {name: value, **others}
            with (
                self.subTest(**{name: value}),
                mock.patch.multiple(JobView, **choices),
            ):
                text = f"The {name} of the view job is .*; it must be "
                for request in (self.client().get, self.client().post):
                    with self.assertRaisesRegex(error, text):
                        request("/job")
        self.assertEqual(self.processes(), [])

    def test_a_bad_queue(self):
        queues = ("", "two words", "caf\xe9", None, "x" * 51)
        self.check("queue", queues, BadQueueError)

    def test_a_bad_priority(self):
        priorities = (-1, 10, 1.5, "1", None, True)
        self.check("priority", priorities, BadQueueError)

    def test_a_bad_word_for_single(self):
        self.check("single", (True, False, "site", "", ["user"], 1))

    def test_cookies_that_are_none_or_log_somebody_in(self):
        values = ("box", ["a b"], (1,), None, ("__ac",), ["auth_token"])
        self.check("cookies", values)

    def test_a_bad_time_limit(self):
        self.check("time_limit", (0, -1, "3", True, 2.5))

    def test_a_bad_word_for_in_turn(self):
        self.check("in_turn", (True, False, "site", "", ["user"], 1))

    def test_a_bad_number_of_attempts(self):
        attempts = (0, -1, "3", None, True, 2.0)
        self.check("max_attempts", attempts, restart_after_crash=True)

    def test_a_bad_number_of_those_that_may_wait(self):
        self.check("max_queued", (0, -1, "3", True, 2.0))

    def test_attempts_do_not_matter_to_a_view_that_is_not_restarted(self):
        with mock.patch.object(JobView, "max_attempts", None):
            self.client().post("/job", status=302)


class TitleTests(AsyncTestCase):
    """How a view names its processes."""

    def title_of(self, returned):
        method = {"process_title": lambda view: returned}
        with mock.patch.multiple(JobView, **method):
            self.run_job(lambda view, process_id: "done")
        (process,) = self.processes()
        return process.title

    def test_it_is_what_its_method_returns(self):
        self.assertEqual(self.title_of("Import 3 files"), "Import 3 files")

    def test_what_is_no_text_stands_for_its_name(self):
        self.assertEqual(self.title_of(None), "job")
