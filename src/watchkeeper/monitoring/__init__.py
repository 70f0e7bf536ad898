"""What Watchkeeper deploys: settings, the Pulumi components, the Lambda functions, and whether all of it works."""
