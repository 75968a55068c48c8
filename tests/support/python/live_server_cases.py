"""Django's and pytest-django's live servers, asked over HTTP by the tests that they run in."""

import errno
import json
import threading
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.test import LiveServerTestCase
from shop import views
from shop.models import Thing


class Browser:
    """Keeps cookies, as browsers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> Any:
        data = None if form is None else urlencode(form).encode()
        with self._opener.open(f"{self.url}{path}", data, timeout=10) as response:
            return json.load(response)


class LiveServerCases(LiveServerTestCase):
    def test_test_and_view_see_what_the_other_has_written(self) -> None:
        Thing.objects.create(name="the test's")
        browser = Browser(self.live_server_url)
        self.assertEqual(browser.ask("/things"), ["the test's"])
        token = browser.ask("/token")
        answer = browser.ask("/things", {"csrfmiddlewaretoken": token, "name": "the view's"})
        self.assertEqual(answer, ["the test's", "the view's"])
        self.assertEqual(Thing.objects.count(), 2)

    def test_nothing_is_left_of_another_test(self) -> None:
        self.assertEqual(Browser(self.live_server_url).ask("/things"), [])

    def test_a_post_without_a_token_is_refused(self) -> None:
        with self.assertRaises(HTTPError) as refused, self.assertLogs("django.security.csrf"):
            Browser(self.live_server_url).ask("/things", {"name": "nobody's"})
        self.assertEqual(refused.exception.code, 403)

    def test_a_session_is_kept_for_its_cookie(self) -> None:
        ada, bob = Browser(self.live_server_url), Browser(self.live_server_url)
        self.assertEqual([ada.ask("/visits"), ada.ask("/visits"), bob.ask("/visits")], [1, 2, 1])
        self.assertEqual([cookie.name for cookie in ada.cookies], ["sessionid"])

    def test_requests_are_served_at_once(self) -> None:
        answers: list[Any] = []
        browsers = [
            threading.Thread(target=lambda: answers.append(Browser(self.live_server_url).ask("/together")))
            for _ in range(2)
        ]
        for browser in browsers:
            browser.start()
        for browser in browsers:
            browser.join()
        self.assertEqual(answers, ["together", "together"])

    def test_a_view_that_fails_answers_500(self) -> None:
        with self.assertRaises(HTTPError) as failed, self.assertLogs("django.request") as logs:
            Browser(self.live_server_url).ask("/broken")
        self.assertEqual(failed.exception.code, 500)
        self.assertIn("ValueError: the view's", logs.output[0])
        self.assertEqual(Browser(self.live_server_url).ask("/things"), [])

    def test_a_port_that_is_taken_is_told(self) -> None:
        other = type("Other", (LiveServerTestCase,), {"port": self.server_thread.port})
        with self.assertRaises(OSError) as taken:
            other.setUpClass()
        other.doClassCleanups()
        self.assertEqual(taken.exception.errno, errno.EADDRINUSE)

    def test_a_request_that_is_never_answered_keeps_nobody(self) -> None:
        threading.Thread(target=Browser(self.live_server_url).ask, args=["/never"], daemon=True).start()
        self.assertTrue(views.never_asked.wait(10))


class StaticLiveServerCases(StaticLiveServerTestCase):
    def test_static_files_come_from_the_finders(self) -> None:
        with urlopen(f"{self.live_server_url}/static/shop/style.css", timeout=10) as response:
            self.assertEqual(response.headers["content-type"], "text/css")
            self.assertEqual(response.read(), b"body { color: teal }\n")


def test_the_fixture_of_pytest_django(live_server: Any) -> None:
    Thing.objects.create(name="the test's")
    assert Browser(live_server.url).ask("/things") == ["the test's"]
    with urlopen(f"{live_server}/static/shop/style.css", timeout=10) as response:
        assert response.read() == b"body { color: teal }\n"
