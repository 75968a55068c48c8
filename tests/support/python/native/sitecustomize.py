"""Puts native services in place of the gateway's, before anything else is imported."""

import sys

import native_services

sys.modules["puff._runtime.services"] = native_services
