"""A program of the kind that people write: a component, resources, references, look-ups, a secret, an archive."""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
suffix = config.require("environmentSuffix")
emails = config.require_object("emails")
account = aws.get_caller_identity().account_id
print("planning", suffix)


class Storage(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("custom:test:Storage", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(f"reports-{suffix}", bucket=f"reports-{suffix}-{account}", opts=own)
        self.versioning = aws.s3.BucketVersioning(
            f"versioning-{suffix}",
            bucket=self.bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=own,
        )
        self.register_outputs({"bucketName": self.bucket.bucket})


storage = Storage("storage")
topic = aws.sns.Topic(f"alerts-{suffix}", name=f"alerts-{suffix}")
for number, email in enumerate(emails):
    aws.sns.TopicSubscription(f"email-{number}", topic=topic.arn, protocol="email", endpoint=email)
role = aws.iam.Role(
    f"role-{suffix}",
    name=f"role-{suffix}",
    assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
    opts=pulumi.ResourceOptions(protect=False, depends_on=[topic]),
)
aws.iam.RolePolicy(
    f"policy-{suffix}",
    role=role.name,
    policy=storage.bucket.arn.apply(lambda arn: json.dumps({"Resource": arn})),
)
function = aws.lambda_.Function(
    f"function-{suffix}",
    role=role.arn,
    runtime="python3.12",
    handler="handler.main",
    code=pulumi.FileArchive("./code"),
    environment={"variables": {"BUCKET": storage.bucket.bucket, "SECRET": pulumi.Output.secret("hush")}},
)
pulumi.export("bucket", storage.bucket.bucket)
pulumi.export("topic", topic.arn)
pulumi.export("secret", pulumi.Output.secret("hush"))
