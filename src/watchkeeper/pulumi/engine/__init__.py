"""The embedded Pulumi engine: serves Pulumi's own gRPC protocols, runs any Pulumi program, keeps state."""
