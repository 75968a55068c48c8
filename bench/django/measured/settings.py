"""The example's settings, as they would be in production."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DEBUG = False
ALLOWED_HOSTS = ["*"]
SECRET_KEY = "of the benchmark, so that both servers know one session"
ROOT_URLCONF = "measured.urls"
WSGI_APPLICATION = "measured.wsgi.application"
# Kept over requests, as gunicorn's users are told to.
DATABASES["default"]["CONN_MAX_AGE"] = 60
