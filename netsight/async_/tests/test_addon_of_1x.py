"""An add-on of the shape that 1.x had works when it is upgraded."""

import re
import tempfile
import unittest
from pathlib import Path

from netsight.async_.executors.inline import InlineExecutor
from netsight.async_.testing import processes_run_by
from netsight.async_.tests.addon_support import AddonMixin
from netsight.async_.tests.addon_support import upgrade
from netsight.async_.tests.addon_support import upgrade_command
from netsight.async_.tests.documents import IS_CHECKOUT
from netsight.async_.tests.documents import README
from netsight.async_.tests.support import AsyncTestCase
from netsight.async_.tests.support import Gate
from netsight.async_.tests.support import Never


IMPORTS = {
    "from netsight.async import x": "from netsight.async_ import x",
    "from netsight.async.a import y": "from netsight.async_.a import y",
    "import netsight.async": "import netsight.async_",
    "import netsight.async.b as r": "import netsight.async_.b as r",
    "from netsight import async": "from netsight import async_",
    "from netsight import async as a": "from netsight import async_ as a",
    "from netsight.async_ import z": "from netsight.async_ import z",
    "from netsight import async_": "from netsight import async_",
    'NAME = "netsight.async"': 'NAME = "netsight.async"',
}
"""Lines of 1.x, and what the command makes of them."""


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class ImportTests(unittest.TestCase):
    """The command of upgrade.rst."""

    def test_it_changes_imports_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "code.py"
            path.write_text("\n".join(IMPORTS))
            for _again in range(2):
                upgrade(folder)
                self.assertEqual(path.read_text(), "\n".join(IMPORTS.values()))

    def test_the_readme_has_the_same(self):
        self.assertIn(upgrade_command(), README.read_text("utf-8"))


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class ScriptTests(AddonMixin, AsyncTestCase):
    """Started by a script, whose own `__call__` and `_run` there are."""

    def start(self, client, method="post", query=""):
        return getattr(client, method)(f"/old-export{query}").json

    def completed(self, client, process_id):
        return client.see(
            "/old-export", "completed", process_id, output_json="true"
        ).json

    def test_a_call_of_its_own_starts_by_run(self):
        client = self.client()
        for method in ("post", "get"):
            answer = self.start(client, method)
            process = self.process(answer["process_id"])
            self.assertEqual(process.state, "completed")
            self.assertEqual(answer["starts"], 1)

    def test_the_script_polls_until_100(self):
        client, gate = self.client(), Gate()
        self.views.Export.wait = lambda view, number: (
            number == 2 and gate.reach()
        )
        with self.threads():
            process_id = self.start(client)["process_id"]
            gate.wait()
            self.assertNotEqual(
                self.completed(client, process_id), {"completed": 100}
            )
            gate.open()
        self.assertEqual(
            self.completed(client, process_id), {"completed": 100}
        )

    def test_the_file_is_fetched(self):
        client = self.client()
        process_id = self.start(client)["process_id"]
        written = client.see("/old-export", "download", process_id)
        self.assertIn("number 3", written)

    def test_the_result(self):
        client = self.client()
        process_id = self.start(client)["process_id"]
        result = client.see("/old-export", "result", process_id)
        self.assertEqual(result.text, "written by netsight.async_")

    def test_an_unknown_id(self):
        answer = self.completed(self.client(), "0" * 36)
        self.assertEqual(answer, {"completed": "ERROR"})


@unittest.skipUnless(IS_CHECKOUT, "docs/ is in a checkout only")
class PageTests(AddonMixin, AsyncTestCase):
    """Started by its form, with a waiting page of 1.x or the stock one."""

    def waiting(self, view):
        """Return (client, id, the waiting page)."""
        client = self.client()
        with processes_run_by(Never()):
            page = client.get(f"/{view}").form.submit()
        process_id = client.started(page)
        return client, process_id, page.follow()

    def test_a_start_calls_the_run_of_the_view(self):
        seen = []
        run = self.views.Export._run
        self.views.Styled._run = lambda view: seen.append(1) or run(view)
        self.waiting("old-styled")
        self.assertEqual(seen, [1])

    def test_a_copied_template_has_its_script_and_its_image(self):
        client, _process_id, page = self.waiting("old-styled")
        for name in ("processing.js", "spinner.gif"):
            url = re.search(rf'src="([^"]+/{name})"', page.text)[1]
            client.get(url, status=200)

    def test_a_copied_template_goes_on_without_a_script(self):
        client, process_id, page = self.waiting("old-styled")
        InlineExecutor().ring(process_id)
        page = client.get(page.request.url, status=302)
        self.assertEqual(page.follow().text, "written by netsight.async_")

    def test_the_stock_page_asks_where_it_is_answered(self):
        client, process_id, page = self.waiting("old-stock")
        url = re.search(r'data-status-url="([^"]+)"', page.text)[1]
        self.assertEqual(client.get(url).json["state"], "queued")
        InlineExecutor().ring(process_id)
        self.assertEqual(client.get(url).json["state"], "completed")
        url = re.search(r'data-result-url="([^"]+)"', page.text)[1]
        result = client.get(url).follow()
        self.assertEqual(result.text, "written by netsight.async_")
