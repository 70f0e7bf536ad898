"""Deploys the compliance monitoring that this stack's configuration describes."""

from watchkeeper.monitoring.stack import TapStack, TapStackArgs

TapStack("watchkeeper", TapStackArgs.from_config()).export()
