"""The secret of an embedded AWS: made once for a state folder, asked for in every request.

It signs for the root of every account, and opens the paths that are not AWS's (``/_watchkeeper/…``).
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

FILE = "credentials.json"
WELL_KNOWN = "test"
"""What everybody knows: for tests that can't ask for another (``--test-credentials``)."""


def secret_of(directory: Path, *, well_known: bool = False) -> str:
    """The folder's secret; made, readable by its owner alone, when there is none yet. Raises OSError, ValueError."""
    if well_known:
        return WELL_KNOWN
    path = directory / FILE
    try:
        return str(json.loads(path.read_text())["secret"])
    except FileNotFoundError:
        secret = secrets.token_urlsafe(30)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: remove it, and a new secret is made at the next start") from error
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps({"secret": secret}))
    draft.replace(path)
    return secret
