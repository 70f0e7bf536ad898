"""key-rotation: customer keys rotate."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import WARNING, Check, Result
from watchkeeper.preflight.meaning.values import truth
from watchkeeper.preflight.meaning.views import KEY, Views
from watchkeeper.pulumi.graph import UNKNOWN

PATH = "enableKeyRotation"


def look(views: Views) -> Iterator[Result]:
    """Each symmetric encryption key; others cannot rotate."""
    for key in views.of_type(KEY):
        spec = views.get(key, "customerMasterKeySpec")
        usage = views.get(key, "keyUsage")
        if spec not in (None, UNKNOWN, "SYMMETRIC_DEFAULT") or usage not in (None, UNKNOWN, "ENCRYPT_DECRYPT"):
            continue
        rotates = truth(views.get(key, PATH))
        if rotates is None:
            yield CHECK.unknown(key, "whether it rotates is known only after the deployment")
        elif not rotates:
            yield CHECK.finding(key, "the key does not rotate.", path=PATH)


CHECK = Check(
    id="key-rotation",
    severity=WARNING,
    title="Customer keys rotate",
    explanation="A symmetric key rotates by itself once a year when asked to; old data stays readable.",
    aws_does="It never rotates the key; the rule CMK_BACKING_KEY_ROTATION_ENABLED finds it.",
    fix="Give enable_key_rotation=True.",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
    look=look,
    tags=("kms",),
)
