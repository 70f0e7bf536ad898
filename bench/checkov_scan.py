"""What Checkov says of templates: run by the interpreter of Checkov's own environment, once for all files.

    python checkov_scan.py FILE …      prints JSON: file to a list of what failed

Nothing is asked of the network: whoever tries gets an error.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any, NoReturn


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise OSError("a measurement asks nobody")


socket.getaddrinfo = _refuse
socket.socket.connect = _refuse  # type: ignore[method-assign,assignment]


def scan(file: str) -> list[str]:
    """The failed checks of a template, ``CKV_AWS_18: AWS::S3::Bucket.Reports``, and that it can't be read."""
    from checkov.cloudformation.runner import Runner
    from checkov.runner_filter import RunnerFilter

    report = Runner().run(root_folder=None, files=[file], runner_filter=RunnerFilter(framework=["cloudformation"]))
    failed = {f"{check.check_id}: {check.resource}" for check in report.failed_checks}
    return sorted(failed | {"parsing error" for _ in report.parsing_errors})


if __name__ == "__main__":
    print(json.dumps({file: scan(file) for file in sys.argv[1:]}))
