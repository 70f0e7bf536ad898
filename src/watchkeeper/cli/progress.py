"""What moves on a terminal while something takes its time; nothing where it is piped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watchkeeper.cli.output import err, safe, shows_progress


@contextmanager
def byte_progress(title: str) -> Iterator[Callable[[int, int, int], None]]:
    """A bar of bytes on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not shows_progress()) as progress:
        task = progress.add_task(title, total=None)

        def tell(done: int, total: int, items: int) -> None:
            progress.update(task, completed=done, total=total or None, description=f"{title}: {items} items")

        yield tell


@contextmanager
def scan_progress() -> Iterator[Callable[[str, int, int], None]]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not shows_progress()) as progress:
        task = progress.add_task("reading", total=None)

        def tell(place: str, resources: int, calls: int) -> None:
            progress.update(task, description=safe(f"{place}: {resources} resources, {calls} calls").plain)

        yield tell


@contextmanager
def deployment_progress(title: str) -> Iterator[Callable[[str, str, str], None]]:
    """A line that moves on a terminal; failures as lines of their own; nothing else when piped."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not shows_progress()) as progress:
        task = progress.add_task(title, total=None)
        done = Counter[str]()

        def tell(kind: str, what: str, detail: str) -> None:
            done[kind] += 1
            if kind == "failed":
                err.print("[bold red]failed[/]", safe(what), safe(detail))
            elif kind == "log" and detail:
                err.print(safe(detail, "dim"))
            else:
                progress.update(task, description=f"{title}: {done['succeeded']} done, {safe(what).plain}"[:100])

        yield tell
