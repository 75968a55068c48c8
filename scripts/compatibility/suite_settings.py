"""Settings for the Django suite, on the Postgres that the environment names, with a runner that keeps outcomes."""

import json
import os
import unittest
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner

SERVER = {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["SUITE_SERVER"])}
DATABASES = {"default": {**SERVER, "NAME": "suite"}, "other": {**SERVER, "NAME": "suite_other"}}
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
TEST_RUNNER = "suite_settings.Runner"


class Result(unittest.TextTestResult):
    """Knows what became of each test. Of subtests one that fails is enough."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.outcomes[test.id()] = "passes"

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self.outcomes[test.id()] = "fails"

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self.outcomes[test.id()] = "fails"

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcomes[test.id()] = "fails"

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.outcomes[test.id()] = "is skipped"

    def stopTestRun(self) -> None:
        super().stopTestRun()
        Path(os.environ["SUITE_OUTCOMES"]).write_text(json.dumps(self.outcomes))


class Runner(DiscoverRunner):
    """Django's runner, with that result."""

    def get_resultclass(self) -> type[unittest.TextTestResult]:
        return Result
