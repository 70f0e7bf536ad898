import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const suffix = config.require("suffix");

class Storage extends pulumi.ComponentResource {
    readonly bucket: Thing;
    constructor(name: string) {
        super("custom:test:Storage", name);
        this.bucket = new Thing("aws:s3/bucket:Bucket", `reports-${suffix}`, { bucket: `reports-${suffix}` }, { parent: this });
        this.registerOutputs({ bucketName: this.bucket.bucket });
    }
}

class Thing extends pulumi.CustomResource {
    readonly arn!: pulumi.Output<string>;
    readonly bucket!: pulumi.Output<string>;
    constructor(type: string, name: string, inputs: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
        super(type, name, { ...inputs, arn: undefined, bucket: inputs.bucket }, opts);
    }
}

const storage = new Storage("storage");
const topic = new Thing("aws:sns/topic:Topic", `alerts-${suffix}`, { name: `alerts-${suffix}` });
new Thing("aws:sns/topicSubscription:TopicSubscription", "email", { topic: topic.arn, protocol: "email" });
new Thing("aws:sqs/queue:Queue", "queue", { name: "queue", secret: pulumi.secret("hush") }, { dependsOn: [storage] });
console.log("planning", suffix);

export const bucket = storage.bucket.bucket;
export const arn = topic.arn;
