"""Settings: where they come from, and what is refused."""

import dataclasses
import unittest
from unittest import mock

from App.config import DefaultConfiguration

from netsight.async_ import config
from netsight.async_.exceptions import SettingError


class SettingsTests(unittest.TestCase):
    def setUp(self):
        self.configuration = DefaultConfiguration()
        for patcher in (
            mock.patch("App.config.getConfiguration", self.configure),
            mock.patch.dict("os.environ", clear=True),
        ):
            patcher.start()
            self.addCleanup(patcher.stop)

    def configure(self):
        return self.configuration

    def zope_conf(self, **section):
        self.configuration.product_config = {
            "netsight.async": {
                k.replace("_", "-"): v for k, v in section.items()
            }
        }

    def environment(self, **variables):
        config.os.environ.update(variables)

    def test_without_any_the_defaults_hold(self):
        self.assertEqual(config.get("threads"), 4)
        self.assertEqual(config.get("executor"), "thread")
        self.assertEqual(config.get("cookies"), ("I18N_LANGUAGE",))
        config.validate()

    def test_zope_conf_sets_them(self):
        self.zope_conf(threads="8")
        self.assertEqual(config.get("threads"), 8)

    def test_the_environment_wins_over_zope_conf(self):
        self.zope_conf(threads="8")
        self.environment(NETSIGHT_ASYNC_THREADS=" 2 ")
        self.assertEqual(config.get("threads"), 2)

    def test_a_bad_number_names_setting_value_and_place(self):
        self.zope_conf(threads="many")
        with self.assertRaisesRegex(
            SettingError,
            "threads = 'many' .<product-config netsight.async>. is not a "
            "whole number from 1 to 64",
        ):
            config.validate()

    def test_a_number_out_of_range_is_refused(self):
        for text in ("0", "65", "-1", "1.5", ""):
            with self.subTest(text):
                self.environment(NETSIGHT_ASYNC_THREADS=text)
                with self.assertRaisesRegex(SettingError, "environment"):
                    config.get("threads")

    def test_an_unknown_executor_is_refused_with_the_known_ones(self):
        self.zope_conf(executor="carrier-pigeon")
        with self.assertRaisesRegex(SettingError, "one of thread, inline"):
            config.validate()

    def test_a_mistyped_name_is_refused_with_the_known_ones(self):
        self.zope_conf(treads="8")
        with self.assertRaisesRegex(SettingError, "'treads'.*threads"):
            config.validate()

    def test_names_are_parted_by_spaces_or_commas(self):
        self.zope_conf(headers="X-Tenant, x-shop")
        names = ("HTTP_X_TENANT", "HTTP_X_SHOP")
        self.assertEqual(config.get("headers"), names)
        self.zope_conf(cookies="one, two three")
        self.assertEqual(config.get("cookies"), ("one", "two", "three"))

    def test_queues_are_names(self):
        self.environment(NETSIGHT_ASYNC_QUEUES="heavy, mail_2 a-b")
        self.assertEqual(config.get("queues"), ("heavy", "mail_2", "a-b"))
        self.environment(NETSIGHT_ASYNC_QUEUES="heavy; mail")
        with self.assertRaisesRegex(SettingError, "letters, digits, - and _"):
            config.validate()

    def test_origins_are_compared_without_what_does_not_matter(self):
        self.zope_conf(
            origins="HTTPS://Www.Example.org:443/, http://[::1]:8080"
        )
        known = ("https://www.example.org", "http://[::1]:8080")
        self.assertEqual(config.get("origins"), known)

    def test_a_text_is_parsed_once(self):
        parse = mock.Mock(wraps=str)
        setting = dataclasses.replace(config.SETTINGS["database"], parse=parse)
        with mock.patch.dict(config.SETTINGS, database=setting):
            for _again in range(3):
                config.get("database")
        self.assertLessEqual(parse.call_count, 1)

    def test_what_is_no_origin_is_refused(self):
        for text in (
            "www.example.org", "ftp://www.example.org", "https://",
            "https://www.example.org/plone", "https://www.example.org?x",
            "https://user@www.example.org", "https://www.example.org:x",
            "//www.example.org", "https://*#x",
        ):  # fmt: skip
            with self.subTest(text):
                self.zope_conf(origins=f"http://localhost {text}")
                with self.assertRaisesRegex(SettingError, "without a path"):
                    config.validate()

    def test_an_executor_that_is_not_installed_is_refused(self):
        self.zope_conf(executor="celery")
        database = mock.Mock(databases={"main": None})
        with self.assertRaisesRegex(SettingError, "celery is not installed"):
            config.validate(mock.Mock(database=database))

    def test_celery_needs_a_broker(self):
        self.zope_conf(executor="celery")
        with self.assertRaisesRegex(SettingError, "needs celery-broker"):
            config.validate()

    def test_every_setting_says_what_it_means(self):
        for setting in config.SETTINGS.values():
            self.assertTrue(setting.meaning.endswith("."), setting.name)
