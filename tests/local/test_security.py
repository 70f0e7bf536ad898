"""Who may use an embedded AWS: whoever has the folder's secret. A web page in the user's browser may not."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local.support import Aws, document
from watchkeeper.local.credentials import FILE, secret_of
from watchkeeper.local.guard import Guard, without_blanket_cors
from watchkeeper.local.server import EmbeddedError, Running, running, start, stop

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIST_ROLES = b"Action=ListRoles&Version=2010-05-08"
CALLS = (
    ("iam", "list_roles"),
    ("s3", "list_buckets"),
    ("config", "describe_config_rules"),
    ("lambda", "list_functions"),
    ("sqs", "list_queues"),
    ("sts", "get_caller_identity"),
)


def asked(
    aws: Running, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, str, dict[str, str]]:
    """A request as it stands: status, body, headers. A Host that is not given is the right one."""
    connection = http.client.HTTPConnection("127.0.0.1", int(aws.endpoint.rpartition(":")[2]), timeout=60)
    given = {"Host": aws.endpoint.removeprefix("http://"), **(headers or {})}
    connection.putrequest(method, path, skip_host=True)
    for name, value in {**given, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode("utf-8", "replace"), {k.lower(): v for k, v in answer.getheaders()}
    connection.close()
    return found


@pytest.fixture(scope="module", params=[True, False], ids=["iam", "no-iam"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(iam=request.param) as aws:
        yield aws


@pytest.mark.parametrize(("service", "operation"), CALLS)
@pytest.mark.parametrize("key", ["123456789012", "210987654321", "test", "AKIAIOSFODNN7EXAMPLE"])
def test_no_other_secret_is_taken(server: Running, service: str, operation: str, key: str) -> None:
    given = {**server.boto(), "aws_access_key_id": key, "aws_secret_access_key": "test"}
    client = boto3.client(service, config=Config(retries={"max_attempts": 0}), **given)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    getattr(boto3.client(service, **server.boto(account="210987654321")), operation)()


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", "/", b"", {}),
        ("PUT", "/unsigned-bucket", b"", {}),
        ("GET", "/?AWSAccessKeyId=123456789012&Action=ListRoles&SignatureVersion=2&Signature=xx", b"", {}),
        ("POST", "/", LIST_ROLES, FORM),
        ("POST", "/2015-03-31/functions/x/invocations", b"{}", {}),
    ],
)
def test_nothing_without_a_signature(
    server: Running, method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    status, text, _ = asked(server, method, path, body, headers)
    assert status in (400, 403), text


@pytest.mark.parametrize("service", ["iam", "s3", "lambda"])
def test_a_forged_query_signature_is_refused(server: Running, service: str) -> None:
    path = {"iam": "/", "s3": "/", "lambda": "/2015-03-31/functions/"}[service]
    for secret, taken in (("test", False), (server.secret, True)):
        request = AWSRequest("GET", f"{server.endpoint}{path}", params={"Action": "ListRoles"} if path == "/" else {})
        if service == "s3":
            request.params = {}
        SigV4QueryAuth(Credentials(server.account, secret), service, server.region).add_auth(request)
        url = request.prepare().url.removeprefix(server.endpoint)
        if service == "s3" and taken:
            continue  # boto3's own presigning is tested beside
        status, text, _ = asked(server, "GET", url)
        assert (status == 200) is taken, text


def test_a_presigned_url_works_and_a_forged_one_does_not(server: Running) -> None:
    s3 = boto3.client("s3", **server.boto())
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a", Body=b"body")
    for secret, expected in ((server.secret, 200), ("test", 403)):
        client = boto3.client("s3", **{**server.boto(), "aws_secret_access_key": secret})
        url = client.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "a"})
        assert asked(server, "GET", url.removeprefix(server.endpoint))[0] == expected


def test_only_a_public_policy_lets_everybody_in(server: Running) -> None:
    s3 = boto3.client("s3", **server.boto())
    for name in ("closed", "open"):
        s3.create_bucket(Bucket=f"{name}-bucket")
        s3.put_object(Bucket=f"{name}-bucket", Key="a", Body=b"body")
    s3.delete_public_access_block(Bucket="open-bucket")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open-bucket/*"}
    s3.put_bucket_policy(Bucket="open-bucket", Policy=document(allow))
    assert asked(server, "GET", "/open-bucket/a")[:2] == (200, "body")
    assert asked(server, "PUT", "/open-bucket/a", b"other")[0] == 403
    assert asked(server, "GET", "/open-bucket")[0] == 403
    assert asked(server, "GET", "/closed-bucket/a")[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/_watchkeeper/health",
        "/_watchkeeper/status",
        "/_watchkeeper/clock?advance=1",
        "/_watchkeeper/reset",
        "/_ministack/reset",
        "/_ministack/config",
        "/_ministack/sqs/messages",
        "/_ministack/lambda-code/x",
        "/_localstack/health",
        "/health",
    ],
)
def test_side_doors_ask_for_the_secret(server: Running, path: str) -> None:
    for method in ("GET", "POST"):
        for headers in ({}, {"Authorization": "Bearer test"}, {"Authorization": server.secret}):
            status, text, _ = asked(server, method, path, b"", headers)
            assert status == 403, text
            assert "secret" in text
            assert server.secret not in text
    assert server.status()["pid"] == server.pid


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "localhost.evil.example:{port}"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_what_a_page_sends_is_refused(server: Running, headers: dict[str, str]) -> None:
    """Even with the secret: it would have been found where it should not be."""
    port = server.endpoint.rpartition(":")[2]
    given = {name: value.replace("{port}", port) for name, value in headers.items()}
    status, text, answered = asked(
        server, "GET", "/_watchkeeper/status", b"", {**given, "Authorization": f"Bearer {server.secret}"}
    )
    assert status == 403, text
    assert "--allow-" in json.loads(text)["message"]
    assert not [name for name in answered if name.startswith("access-control")]


def test_no_answer_lets_every_origin_read_it(server: Running) -> None:
    own = {"Origin": server.endpoint}
    assert asked(server, "POST", "/", LIST_ROLES, {**FORM, **own})[0] == 403
    for method, path in (("OPTIONS", "/"), ("GET", "/"), ("POST", "/")):
        answered = asked(server, method, path, b"", own)[2]
        assert answered.get("access-control-allow-origin") != "*"


def test_a_buckets_own_cors_rules_are_told(server: Running) -> None:
    s3 = boto3.client("s3", **server.boto())
    s3.create_bucket(Bucket="shared")
    rule = {"AllowedOrigins": [server.endpoint], "AllowedMethods": ["GET"]}
    s3.put_bucket_cors(Bucket="shared", CORSConfiguration={"CORSRules": [rule]})
    wanted = {"Origin": server.endpoint, "Access-Control-Request-Method": "GET"}
    answered = asked(server, "OPTIONS", "/shared/a", b"", wanted)[2]
    assert answered["access-control-allow-origin"] == server.endpoint


def test_what_is_allowed_is_let_in() -> None:
    with running(allow_hosts=["aws.test"], allow_origins=["http://console.test:8080"]) as aws:
        bearer = {"Authorization": f"Bearer {aws.secret}"}
        for headers in ({"Host": "aws.test"}, {"Host": "aws.test:80"}, {"Origin": "http://console.test:8080"}):
            assert asked(aws, "GET", "/_watchkeeper/health", b"", {**bearer, **headers})[0] == 200
        assert asked(aws, "GET", "/_watchkeeper/health", b"", {**bearer, "Origin": "http://console.test"})[0] == 403


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:4566", True),
        ("LOCALHOST:4566", True),
        ("[::1]:4566", True),
        ("bucket.localhost:4566", True),
        ("a.b.localhost:4566", True),
        ("localhost:4567", False),
        ("localhost", False),
        ("", False),
        ("127.0.0.1.nip.io:4566", False),
        ("evillocalhost:4566", False),
    ],
)
def test_hosts(host: str, ours: bool) -> None:
    assert (Guard(4566, "x").refusal({"host": host}) == "") is ours


def test_cors_headers_of_a_bucket_stay() -> None:
    own = [(b"Access-Control-Allow-Origin", b"*"), (b"Access-Control-Allow-Methods", b"GET"), (b"ETag", b"x")]
    assert without_blanket_cors(own) == own
    assert without_blanket_cors([(b"access-control-allow-origin", b"*"), (b"etag", b"x")]) == [(b"etag", b"x")]


def test_the_secret_is_the_folders_own_and_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with running(folder) as aws:
        first = aws.secret
        assert len(first) >= 40
        assert first not in repr(aws)
        for path in [folder, *folder.rglob("*")]:
            if not path.is_symlink():
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    with running(folder) as aws:
        assert aws.secret == first
    with running(tmp_path / "other") as aws:
        assert aws.secret != first
    assert first not in (folder / "server.log").read_text()


def test_the_well_known_secret_is_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, test_credentials=True) as aws:
        assert aws.environment["AWS_SECRET_ACCESS_KEY"] == "test"
        boto3.client("iam", **{**aws.boto(), "aws_access_key_id": "test"}).list_roles()
        with pytest.raises(EmbeddedError, match="stop it first"):
            start(tmp_path)
        assert asked(aws, "GET", "/", b"", {"Origin": "https://evil.example"})[0] == 403
    assert not (tmp_path / FILE).exists()


def test_a_damaged_secret_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(EmbeddedError, match=r"credentials\.json is damaged"):
        start(tmp_path)
    assert not stop(tmp_path)
    (tmp_path / FILE).unlink()
    assert secret_of(tmp_path) == secret_of(tmp_path)


def test_a_function_finds_nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "the-users-token")
    monkeypatch.setenv("DATABASE_PASSWORD", "the-users-password")
    with running(tmp_path) as server:
        aws = Aws(server)
        aws.function("looks", "import os\n\n\ndef handler(event, context):\n    return dict(os.environ)\n")
        seen: dict[str, Any] = json.load(aws.client("lambda").invoke(FunctionName="looks")["Payload"])
        assert seen["HOME"].startswith(str(tmp_path))
        assert seen["TMPDIR"].startswith(str(tmp_path))
        assert not {"GITHUB_TOKEN", "DATABASE_PASSWORD", "USER", "PWD", "PYTHONPATH"} & set(seen)
        assert server.secret not in json.dumps(seen)
        assert seen["HOME"] != os.environ["HOME"]


# --- a real browser ---------------------------------------------------------------------------------------------------

PAGE = """<!doctype html><title>page</title><img src="{aws}/_watchkeeper/reset"><script>
const url = "{aws}/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=123456789012/20260101/us-east-1/iam/aws4_request"
  + "&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z&X-Amz-Signature=00";
const role = "Action=CreateRole&Version=2010-05-08&RoleName=from-a-page&AssumeRolePolicyDocument=%7B%7D";
const form = {{"Content-Type": "application/x-www-form-urlencoded"}};
async function attack() {{
  const said = [];
  for (const [where, options] of [
    [url, {{method: "POST", mode: "no-cors", body: role}}],
    [url, {{method: "POST", mode: "no-cors", body: new Blob([role], {{type: "text/plain"}})}}],
    ["{aws}/_watchkeeper/reset", {{method: "POST", mode: "no-cors"}}],
    ["{aws}/_ministack/reset", {{method: "POST", mode: "no-cors"}}],
    ["{aws}/_watchkeeper/status", {{}}],
    ["{rebound}/_watchkeeper/status", {{}}],
    ["{aws}/unsigned-bucket", {{method: "PUT"}}],
  ]) {{
    try {{ const answer = await fetch(where, options); said.push(answer.type + " " + answer.status); }}
    catch (error) {{ said.push("refused"); }}
  }}
  said.push(await new Promise((done) => {{
    const socket = new WebSocket("{aws}".replace("http", "ws") + "/");
    socket.onopen = () => done("open"); socket.onerror = () => done("refused");
  }}));
  return said;
}}
</script><form method="post" action="{aws}/_watchkeeper/reset"><button>go</button></form>"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed: apt-get install chromium")
def test_a_page_in_a_browser_reaches_nothing(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with running(tmp_path) as aws, served() as site, sync_playwright() as playwright:
        iam = boto3.client("iam", **aws.boto())
        iam.create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
        port = aws.endpoint.rpartition(":")[2]
        rebound = f"http://rebound.example:{port}"
        Site.page = PAGE.format(aws=aws.endpoint, rebound=rebound)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--host-resolver-rules=MAP rebound.example 127.0.0.1", "--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(site)
        answers = page.evaluate("attack()")
        assert set(answers) <= {"opaque 0", "refused"}, answers
        page.click("button")
        assert "The request is refused" in page.content()
        # The page itself at a name that was made to resolve to loopback: same origin for the browser.
        page.goto(f"{rebound}/_watchkeeper/status")
        assert "the Host" in page.content()
        browser.close()
        assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["kept"]
        assert boto3.client("s3", **aws.boto()).list_buckets()["Buckets"] == []


class Site(BaseHTTPRequestHandler):
    """Somebody's web site."""

    page = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class served:  # noqa: N801 - used like contextlib's
    """The site, on loopback under another port, for the time of a ``with``."""

    def __enter__(self) -> str:
        self._server = HTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://localhost:{self._server.server_address[1]}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
