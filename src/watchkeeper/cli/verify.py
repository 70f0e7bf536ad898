"""``verify``: whether the deployed monitoring works."""

from __future__ import annotations

from typing import Annotated

import typer

from watchkeeper.cli.endpoints import deployed
from watchkeeper.cli.errors import Exit
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, RegionOption, Target, TargetOption
from watchkeeper.cli.output import document, out, safe, styled

OUTCOME_STYLE = {"passed": "green", "failed": "bold red", "unknown": "yellow"}


def verify(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.LOCAL,
    region: RegionOption = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Send the alert topic's subscribers a test message.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that the deployment works: recorder, channel, rules, functions, policies, topic, and what else has to hold.

    Each check says what it saw. What could not be looked at is unknown, never passed. Exits 1 unless all passed.

    [dim]Example:[/] watchkeeper verify --publish
    """
    from watchkeeper.monitoring import verification

    where = deployed(project, env, target, region)
    probe = verification.Probe(where.clients, verification.Deployment.of(where.outputs), publish)
    answers = []
    for answer in verification.verify(probe):
        answers.append(answer)
        if not as_json:
            out.print(
                styled(f"{answer.outcome.value:8}", {f"{k:8}": v for k, v in OUTCOME_STYLE.items()}),
                answer.step.question,
            )
            for seen in answer.observations:
                out.print("        ", safe(f"{seen.subject}: {seen.saw}", "dim"), soft_wrap=True)
                if seen.fix and seen.outcome is not verification.Outcome.PASSED:
                    out.print("        ", safe(f"→ {seen.fix}"), soft_wrap=True)
    if as_json:
        document(verification.document_of(answers), "verification")
    if any(answer.outcome is not verification.Outcome.PASSED for answer in answers):
        raise typer.Exit(Exit.FINDINGS)
