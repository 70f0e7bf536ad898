"""kill -9 at any moment: what was acknowledged is there afterwards, and what follows from it still happens."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.support.waiting import until
from watchkeeper.awsconfig import ConfigError, ConfigService

ACCOUNT, REGION = "123456789012", "eu-west-1"
CHANGE = "Config Rules Compliance Change"
COMPLIANCE = {"on": "COMPLIANT", "off": "NON_COMPLIANT"}
RULE = {"ConfigRuleName": "v", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}

PROGRAM = '''
"""Works on a store until it is killed; says on standard output what was acknowledged, and what was sent."""
import os, random, sys
from pathlib import Path
import orjson
from watchkeeper.awsconfig import ConfigService
from watchkeeper.model import ConfigurationItem, ItemStatus

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"

def say(*words):
    os.write(1, orjson.dumps(words) + b"\\n")

class Nothing:
    readable_types = frozenset()
    def put_events(self, account, region, entries):
        for entry in entries:
            detail = orjson.loads(entry["Detail"])
            if detail["messageType"] == "ComplianceChangeNotification":
                say("sent", detail["resourceId"], detail["newEvaluationResult"]["complianceType"])
    def check_bucket(self, *_): pass
    def put_object(self, *_, **__): pass
    def read(self, *_): return iter(())

service = ConfigService(Path(sys.argv[1]), Nothing())
chance = random.Random(int(sys.argv[2]))
call = lambda operation, **request: service.handle(operation, request, ACCOUNT, REGION)
call("PutConfigurationRecorder", ConfigurationRecorder={"name": "default", "roleARN": ROLE})
call("PutDeliveryChannel", DeliveryChannel={"s3BucketName": "b"})
call("StartConfigurationRecorder", ConfigurationRecorderName="default")
RULE = {"ConfigRuleName": "v", "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}
call("PutConfigRule", ConfigRule=RULE)
say("ready")
number = int(sys.argv[3])
while True:
    number += 1
    name = f"b{chance.randrange(6)}"
    kind = chance.choice(["on", "off", "off", "deleted", "query", "rule"])
    if kind == "query":
        call("PutStoredQuery", StoredQuery={"QueryName": name, "Expression": f"SELECT {name}{number}"})
        say("query", name, f"SELECT {name}{number}")
        continue
    if kind == "rule":
        call("DeleteEvaluationResults", ConfigRuleName="v")
        call("PutConfigRule", ConfigRule=RULE)
        continue
    versioning = {"status": "Enabled" if kind == "on" else "Off"}
    state = {"supplementary": {"BucketVersioningConfiguration": versioning}, "tags": {"n": str(number)}}
    if kind == "deleted":
        state = {"status": ItemStatus.DELETED}
    item = ConfigurationItem("AWS::S3::Bucket", name, ACCOUNT, REGION, name, **state)
    say("begin", name, kind, number)
    service.record([item])
    say("recorded", name, kind, number)
'''


def run_until_killed(program: Path, store: Path, seed: int, start: int, delay: float) -> list[list]:
    """Start the program, kill it ``delay`` seconds after it began its work, and give what it said."""
    process = subprocess.Popen(
        [sys.executable, str(program), str(store), str(seed), str(start)], stdout=subprocess.PIPE
    )
    said: list[bytes] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda out=process.stdout: said.extend(out))
    reader.start()
    until("the process is ready", lambda: any(b"ready" in line for line in said), 0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reader.join()
    return [orjson.loads(line) for line in said if line.endswith(b"\n")]


_KILLS = st.lists(st.tuples(st.integers(0, 2**32), st.floats(0.005, 0.25)), min_size=1, max_size=3)


@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@example(kills=[(0, 0.2), (1, 0.02), (2, 0.1)])
@given(kills=_KILLS)
def test_what_was_acknowledged_survives_kill_9(tmp_path_factory, services, kills):
    services.events.clear()
    folder = tmp_path_factory.mktemp("kill")
    program, store = folder / "program.py", folder / "config.sqlite"
    program.write_text(PROGRAM)
    held: dict[str, tuple[str, int]] = {}
    perhaps: dict[str, tuple[str, int]] = {}
    queries: dict[str, str] = {}
    announced: set[tuple[str, str]] = set()
    for number, (seed, delay) in enumerate(kills):
        for said in run_until_killed(program, store, seed, number * 100_000, delay):
            if said[0] == "recorded":
                held[said[1]] = (said[2], said[3])
                perhaps.pop(said[1], None)
            if said[0] == "begin":
                perhaps[said[1]] = (said[2], said[3])
            if said[0] == "sent":
                announced.add((said[1], said[2]))
            if said[0] == "query":
                queries[said[1]] = said[2]

        service = ConfigService(store, services)
        service.tick()
        assert service.pending() == 0
        # The program may have died between deleting the results and having the rule evaluated again.
        service.handle("PutConfigRule", {"ConfigRule": RULE}, ACCOUNT, REGION)
        announced |= {(d["resourceId"], d["newEvaluationResult"]["complianceType"]) for d in services.of_type(CHANGE)}
        for name, promised in held.items():
            held[name] = check_resource(service, name, {promised, perhaps.get(name, promised)})
            assert held[name][0] == "deleted" or (name, COMPLIANCE[held[name][0]]) in announced
        for name, expression in queries.items():
            stored = service.handle("GetStoredQuery", {"QueryName": name}, ACCOUNT, REGION)["StoredQuery"]
            assert int(stored["Expression"].removeprefix(f"SELECT {name}")) >= int(
                expression.removeprefix(f"SELECT {name}")
            )
        service.close()
        perhaps.clear()


def check_resource(service, name, possible):
    """That the newest state is one that was promised or under way, and that it was evaluated; the state."""
    request = {"resourceType": "AWS::S3::Bucket", "resourceId": name, "limit": 1}
    try:
        found = service.handle("GetResourceConfigHistory", request, ACCOUNT, REGION)["configurationItems"][0]
    except ConfigError as error:
        # Deleted before it was ever recorded: then there is nothing to remember.
        assert error.code == "ResourceNotDiscoveredException"
        return next((kind, number) for kind, number in possible if kind == "deleted")
    number = int(found["tags"].get("n", 0))
    on = '"Enabled"' in str(found.get("supplementaryConfiguration"))
    kind = "deleted" if found["configurationItemStatus"] == "ResourceDeleted" else "on" if on else "off"
    assert kind in {kind for kind, _ in possible}
    assert kind == "deleted" or number in {number for _, number in possible}
    request = {"ResourceType": "AWS::S3::Bucket", "ResourceId": name}
    results = service.handle("GetComplianceDetailsByResource", request, ACCOUNT, REGION)["EvaluationResults"]
    assert [each["ComplianceType"] for each in results] == ([] if kind == "deleted" else [COMPLIANCE[kind]])
    return kind, number
