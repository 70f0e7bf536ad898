"""What runs on AWS Lambda: one module per deployed function, each with a ``handler(event, context)``.

Only the standard library, boto3 (part of the Lambda runtime), Jinja2 with MarkupSafe (carried in the bundle),
:mod:`watchkeeper.model` and :mod:`watchkeeper.reports` may be imported here. :mod:`.manifest` says what each function
needs.
"""
