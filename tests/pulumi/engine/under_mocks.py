"""Runs a Pulumi program in this process under the SDK's own mocks: nothing of Watchkeeper, no server, one process.

Takes one argument, JSON with ``program`` (its folder), ``project``, ``stack``, ``config`` and ``answers`` (look-up to
answer), and prints the type and name of everything that the program registers, as JSON.
"""

import asyncio
import json
import os
import runpy
import sys

import pulumi

settings = json.loads(sys.argv[1])
os.chdir(settings["program"])
sys.path[0] = settings["program"]
seen = []


class Mocks(pulumi.runtime.Mocks):
    """Every resource is made at once, with its inputs as its outputs."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, object]]:
        """Remember it."""
        seen.append([args.typ, args.name])
        return args.resource_id or f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, object]:
        """Answer as told; else with what was asked."""
        answer: dict[str, object] = settings["answers"].get(args.token, dict(args.args))
        return answer


async def program() -> None:
    """The program, as Python's own ``python PROGRAM`` would run it."""
    runpy.run_path(settings["program"], run_name="__main__")


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
pulumi.runtime.set_mocks(Mocks(), settings["project"], settings["stack"], preview=True)
pulumi.runtime.set_all_config(settings["config"])
loop.run_until_complete(pulumi.runtime.stack.run_pulumi_func(program))
print(json.dumps(sorted(pair for pair in seen if pair[0] != "pulumi:pulumi:Stack")))
