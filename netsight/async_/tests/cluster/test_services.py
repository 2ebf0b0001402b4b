"""What is not on this machine is skipped; it is an error in CI."""

import os
import unittest
from unittest import mock

from netsight.async_.tests.cluster import services
from netsight.async_.tests.local_http import free_port


class MissingTests(unittest.TestCase):
    def setUp(self):
        ports = {"Redis": free_port()}
        patch = mock.patch.dict(services.PORTS, ports)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_service_that_is_missing_is_skipped_with_a_message(self):
        with (
            mock.patch.dict(os.environ),
            self.assertRaisesRegex(unittest.SkipTest, "Redis does not answer"),
        ):
            os.environ.pop("CI", None)
            services.need("Redis")

    def test_it_is_an_error_where_there_is_ci(self):
        with (
            mock.patch.dict(os.environ, CI="true"),
            self.assertRaisesRegex(AssertionError, "Redis does not answer"),
        ):
            services.need("Redis")
