"""Amazon API Gateway: HTTP and WebSocket APIs and their stages.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.apigateway import need_stage, writes_access_logs
from watchkeeper.rules.base import Lookup, Parameters, flag, rule, verdict

STAGE_V2 = "AWS::ApiGatewayV2::Stage"


@rule("API_GWV2_ACCESS_LOGS_ENABLED", types=(STAGE_V2,), severity=Severity.MEDIUM, category="Logging and monitoring")
def access_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The stage writes access logs."""
    return writes_access_logs(item)


@rule("API_GWV2_STAGE_DEFAULT_ROUTE_DETAILED_METRICS_ENABLED", types=(STAGE_V2,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def detailed_metrics(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Detailed metrics of the default route are on."""
    need_stage(item)
    on = flag(item.configuration.get("defaultRouteSettings"), "detailedMetricsEnabled", default=False)
    return verdict(on, "Detailed metrics are off; enable them for the default route.")
