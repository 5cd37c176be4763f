"""DynamoDB, S3, KMS and SQS: the only place that speaks to AWS."""
