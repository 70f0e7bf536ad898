"""The serving process: everything of the embedded AWS put together. Run by ``python -m watchkeeper.local``."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local.credentials import secret_of

SERVER_FILE, LOCK_FILE = "server.json", "lock"
EXIT_PORT, EXIT_LOCKED, EXIT_SECRET = 3, 4, 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How one embedded AWS is served."""

    directory: Path
    port: int = 0
    account: str = "123456789012"
    region: str = "us-east-1"
    iam: bool = True
    sweep_seconds: float = 60.0
    test_credentials: bool = False
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()


class Clock:
    """The time that AWS Config lives by: now, and what tests added to it."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def __call__(self) -> datetime:
        """Now, aware."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._offset += timedelta(seconds=seconds)

    def restore(self) -> None:
        """Back to the real time."""
        self._offset = timedelta()


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Exit code 3: the port is taken; 4: the directory is in use by another one."""
    options = _options(arguments)
    # What it keeps holds secrets: it is the owner's alone.
    os.umask(0o077)
    options.directory.mkdir(parents=True, exist_ok=True)
    options.directory.chmod(0o700)
    lock = _lock(options.directory)
    if lock is None:
        print(f"another embedded AWS is running in {options.directory}: stop it first", file=sys.stderr)  # noqa: T201
        return EXIT_LOCKED
    try:
        listener = socket.create_server(("127.0.0.1", options.port), backlog=1024)
    except OSError as error:
        problem = f"port {options.port} on 127.0.0.1 can't be used ({error.strerror})"
        print(f"{problem}: choose another with --port, or 0 for any free one", file=sys.stderr)  # noqa: T201
        return EXIT_PORT
    port = listener.getsockname()[1]
    try:
        secret = secret_of(options.directory, well_known=options.test_credentials)
    except (OSError, ValueError) as error:
        print(f"the secret can't be read: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_SECRET
    adapter.prepare(options.directory, port, options.account, options.region, secret)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # After every file operation the loop waits for the interpreter's lock: the recorder's threads give it back sooner.
    sys.setswitchinterval(0.001)
    asyncio.run(_serve(options, listener, port))
    (options.directory / SERVER_FILE).unlink(missing_ok=True)
    lock.close()
    return 0


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m watchkeeper.local", description="The embedded AWS.")
    parser.add_argument("--directory", type=Path, required=True, help="where its state is kept")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 (default) for any free one")
    parser.add_argument("--account", default=Options.account)
    parser.add_argument("--region", default=Options.region)
    parser.add_argument("--no-iam", action="store_true", help="enforce no policies")
    parser.add_argument("--sweep-seconds", type=float, default=Options.sweep_seconds)
    parser.add_argument("--test-credentials", action="store_true", help="the secret everybody knows: test")
    parser.add_argument("--allow-host", action="append", default=[], help="a name besides localhost")
    parser.add_argument("--allow-origin", action="append", default=[], help="an origin whose pages may ask")
    given = parser.parse_args(arguments)
    return Options(
        given.directory.resolve(),
        given.port,
        given.account,
        given.region,
        not given.no_iam,
        given.sweep_seconds,
        given.test_credentials,
        tuple(name.lower() for name in given.allow_host),
        tuple(given.allow_origin),
    )


def _lock(directory: Path) -> IO[str] | None:
    """Held for as long as the process lives, however it ends."""
    handle = (directory / LOCK_FILE).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


async def _serve(options: Options, listener: socket.socket, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config as HypercornConfig

    server = Server(options, f"http://127.0.0.1:{port}")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    config = HypercornConfig()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    server.start()
    describe(options, server.endpoint)

    async def told_to_stop() -> None:
        await stopping.wait()
        # The recorder reads through the gateway: it finishes while that is still served.
        await asyncio.to_thread(server.quiesce)
        server.stop_saving()

    await serve(server.gateway, config, shutdown_trigger=told_to_stop)
    await asyncio.to_thread(server.close)


def describe(options: Options, endpoint: str) -> None:
    """Write down where it is, for who asks from outside."""
    document = {
        "endpoint": endpoint,
        "pid": os.getpid(),
        "account": options.account,
        "region": options.region,
        "iam": options.iam,
        "test_credentials": options.test_credentials,
        "secret": adapter.root_secret(),
    }
    draft = options.directory / f"{SERVER_FILE}.new"
    draft.write_text(json.dumps(document))
    draft.replace(options.directory / SERVER_FILE)


class Server:
    """The parts and how they know each other."""

    def __init__(self, options: Options, endpoint: str) -> None:
        from watchkeeper.awsconfig import ConfigService
        from watchkeeper.local import ministack_state, refusals
        from watchkeeper.local.additions import Additions
        from watchkeeper.local.authorization import config_resource
        from watchkeeper.local.durability import Commits
        from watchkeeper.local.event_bus import ALARMS_PRINCIPAL, EventTargets
        from watchkeeper.local.gateway import Gateway
        from watchkeeper.local.guard import Guard
        from watchkeeper.local.losses import Losses
        from watchkeeper.local.mail import Mailbox
        from watchkeeper.local.recorder import Recorder
        from watchkeeper.local.services import MiniStackServices, managed_policy_document

        self.options = options
        self.endpoint = endpoint
        self.clock = Clock()
        self.losses = Losses()
        self.mail = Mailbox()
        self._started = time.time()
        self._warm = False
        services = self._services = MiniStackServices(endpoint, self.losses, iam=options.iam, on_gap=_note_gap)
        self.config = ConfigService(options.directory / "config.sqlite", services, self.clock)
        self.recorder = Recorder(
            self.config,
            services,
            state_file=options.directory / "recorders.json",
            sweep_seconds=options.sweep_seconds,
        )
        app = adapter.application()
        adapter.verify_everyone(iam=options.iam)
        adapter.assume_tls()
        adapter.know_managed_policies(managed_policy_document)
        adapter.mount_config(self._config_request)
        adapter.name_config_resources(
            lambda operation, request, account, region: config_resource(
                self.config, operation, request, account, region
            )
        )
        adapter.guard_event_targets(EventTargets(self.losses, iam=options.iam).guard)
        alarms = EventTargets(self.losses, iam=options.iam, principal=ALARMS_PRINCIPAL)
        adapter.guard_alarm_actions(alarms.guard_topic)
        adapter.block_public_access()
        adapter.capture_mail(self.mail.deliver)
        adapter.queue_invocations(max(2, os.cpu_count() or 1))
        refusals.install()
        self._additions = Additions(options.directory / "additions.json")
        self._additions.install()
        ministack_state.note_handlers()
        self._commits = Commits()
        self.gateway = Gateway(
            app,
            own=self._own_request,
            notice=self.recorder.notice,
            acknowledge=self._commits.acknowledge,
            after_reset=self._forget,
            guard=Guard(
                int(endpoint.rpartition(":")[2]), adapter.root_secret(), options.allow_hosts, options.allow_origins
            ),
        )

    def start(self) -> None:
        """Start the threads; requests may come as soon as the gateway is served."""
        self.config.start()
        self.recorder.start()
        self._commits.start()

    def quiesce(self) -> None:
        """Finish what is at hand; begin nothing."""
        self.recorder.stop()

    def stop_saving(self) -> None:
        """On the loop: MiniStack's graceful stop saves everything."""
        self._commits.stop()

    def close(self) -> None:
        """Close what is left, after the last request. MiniStack has saved its state by then."""
        self.config.close()

    def _config_request(self, operation: str, request: dict[str, Any], account: str, region: str) -> adapter.Response:
        from watchkeeper.awsconfig import ConfigError

        try:
            reply = self.config.handle(operation, request, account, region)
        except ConfigError as refusal:
            return adapter.error(refusal.status, refusal.code, refusal.message)
        except Exception as fault:  # noqa: BLE001 - AWS answers InternalFailure, and so does this; the log has the rest
            _log.exception("AWS Config failed on %s", operation)
            return adapter.error(500, "InternalFailure", f"{type(fault).__name__}: {fault}")
        if operation in _RECORDER_OPERATIONS:
            self.recorder.watch(account, region)
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(reply).encode()

    async def _own_request(self, method: str, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        name = path.removeprefix("/_watchkeeper/").strip("/")
        if method == "GET" and name == "health":
            self._warm_up()
            return 200, {"status": "ok", "pid": os.getpid(), "endpoint": self.endpoint}
        if method == "GET" and name == "status":
            return 200, await asyncio.to_thread(self._status)
        if method == "GET" and name == "mail":
            return 200, {"mail": self.mail.all()}
        if method == "GET" and name == "idle":
            seconds = _number(query.get("timeout"), 10.0)
            idle = await asyncio.to_thread(self._wait_until_idle, min(seconds, 60.0))
            return 200, {"idle": idle, "recorded": self.recorder.recorded, "waiting": self.config.pending()}
        if method == "POST" and name == "clock":
            self.clock.advance(_number(query.get("advance"), 0.0))
            await asyncio.to_thread(self.config.tick)
            return 200, {"now": self.clock().isoformat()}
        if method == "POST" and name == "reset":
            await adapter.reset()
            await self._forget()
            return 200, {"reset": "ok"}
        known = "GET health, status, mail, idle?timeout=; POST reset, clock?advance=<seconds>"
        return 404, {"error": f"{method} {path} is unknown; there are, under /_watchkeeper/: {known}"}

    def _warm_up(self) -> None:
        """Once, after the first one asked whether it's ready: it would delay being ready otherwise."""
        if self._warm:
            return
        self._warm = True
        place = (self.options.account, self.options.region)
        timer = threading.Timer(0.2, self._services.warm_up, args=place)
        timer.daemon = True
        timer.start()

    def _wait_until_idle(self, timeout: float) -> bool:
        """Until every change is recorded, and what follows from it in AWS Config done: rules run, events sent."""
        end = time.monotonic() + timeout
        while True:
            if not self.recorder.wait_until_idle(max(0.0, end - time.monotonic())):
                return False
            if not self.config.pending():
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.01)

    def _status(self) -> dict[str, Any]:
        places = self.recorder.places()
        return {
            "endpoint": self.endpoint,
            "pid": os.getpid(),
            "account": self.options.account,
            "region": self.options.region,
            "iam": self.options.iam,
            "directory": str(self.options.directory),
            "uptime_seconds": round(time.time() - self._started, 1),
            "recorder": self.recorder.status(),
            "losses": {"counts": self.losses.counts(), "last": [asdict(loss) for loss in self.losses.last()]},
            "mail": len(self.mail.all()),
            "durability": self._commits.status(),
            "not_evaluated": [
                {"account": account, "region": region, **entry}
                for account, region in places
                for entry in self.config.not_evaluated(account, region)
            ],
            "delivery_failures": [
                failure for account, region in places for failure in self._delivery_failures(account, region)
            ],
        }

    def _delivery_failures(self, account: str, region: str) -> list[dict[str, Any]]:
        """What DescribeDeliveryChannelStatus says went wrong last: nothing else in AWS tells."""
        answer = self.config.handle("DescribeDeliveryChannelStatus", {}, account, region)
        return [
            {
                "account": account,
                "region": region,
                "channel": channel["name"],
                "delivery": stream.removeprefix("config").removesuffix("DeliveryInfo"),
                "code": info.get("lastErrorCode", ""),
                "message": info.get("lastErrorMessage", ""),
            }
            for channel in answer["DeliveryChannelsStatus"]
            for stream, info in channel.items()
            if isinstance(info, dict) and info.get("lastStatus") == "Failure"
        ]

    async def _forget(self) -> None:
        await asyncio.to_thread(self._forget_own)
        await self._commits.after_reset()

    def _forget_own(self) -> None:
        self.recorder.reset()
        self.config.reset()
        self._additions.reset()
        self.losses.clear()
        self.mail.clear()
        self.clock.restore()


_RECORDER_OPERATIONS = frozenset(
    {"PutConfigurationRecorder", "StartConfigurationRecorder", "StopConfigurationRecorder"}
)


def _note_gap(gap: Any) -> None:
    _log.warning("couldn't read %s: %s: %s", gap.resource_type, gap.operation, gap.code)


def _port(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text is not None else default
    except ValueError:
        return default
