"""Deploys a Pulumi project: to the embedded AWS through our engine, to AWS through the Pulumi CLI."""

from __future__ import annotations

from watchkeeper.deployment.outcome import DeploymentError

__all__ = ["DeploymentError"]
