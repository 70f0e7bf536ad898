"""Amazon SageMaker: notebook instances and models.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import plain
from watchkeeper.inventory.described import Ask, Row, described


def _sagemaker(kind: str, operation: str, result: str, describe: str, name: str, arn: str) -> Row:
    return Row(
        *(f"AWS::SageMaker::{kind}", "sagemaker", operation, result),
        id=arn,
        arn=arn,
        name=name,
        key=name,
        # SageMaker answers ValidationException for what it doesn't know.
        detail=Ask(describe, name, name, absent=("ValidationException", "ResourceNotFound")),
        spelling=plain,
        without=("ResponseMetadata", "LastModifiedTime", f"{kind}Status"),
        tags=Ask("list_tags", "ResourceArn", result="Tags", absent=("ValidationException",)),
        created="CreationTime",
    )


ROWS = (
    _sagemaker(
        *("NotebookInstance", "list_notebook_instances", "NotebookInstances", "describe_notebook_instance"),
        *("NotebookInstanceName", "NotebookInstanceArn"),
    ),
    _sagemaker("Model", "list_models", "Models", "describe_model", "ModelName", "ModelArn"),
)

READERS = tuple(described(row) for row in ROWS)
