"""The bench runs small, prints one JSON document, and stays within its limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.support.places import ROOT


def test_the_bench_at_a_small_size():
    sizes = {"BENCH_CONFIG_RESOURCES": "200", "BENCH_CONFIG_RULES": "10"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.config"], cwd=ROOT, env=os.environ | sizes, capture_output=True, check=True
    )
    document = json.loads(done.stdout)
    assert (document["resources"], document["rules"]) == (200, 10)
    assert document["recording"]["results"] > 200
    assert document["memory"]["within"] is True
    assert document["page_of_100_details"]["ratio"] > 0
