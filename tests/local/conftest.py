"""One embedded AWS with a recorder in two regions; tests only add to it, or start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.support import Aws, prepare
from watchkeeper.local.server import running


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with running() as server:
        found = Aws(server)
        bucket = prepare(found)
        found.start_recording("us-east-1", bucket)
        # The second region records buckets and roles only.
        types = ["AWS::S3::Bucket", "AWS::IAM::Role", "AWS::EC2::VPC"]
        found.start_recording("eu-west-1", bucket, allSupported=False, resourceTypes=types)
        yield found
