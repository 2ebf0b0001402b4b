"""The shortest way through: POST, process, result."""

from netsight.async_.tests.support import AsyncTestCase


class PublishingTests(AsyncTestCase):
    def test_the_result_of_a_post_is_what_run_returned(self):
        response = self.result_of(lambda view, process_id: "Hello world!")
        self.assertEqual(response.body, b"Hello world!")
