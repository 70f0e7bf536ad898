"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast data is made on a busy machine is no business of a test.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
