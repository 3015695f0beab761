# A function that defers work with Offload, and what its strategy needs. The function is its own worker.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  strategies = split(",", var.strategy)
  sqs        = contains(local.strategies, "sqs")
  invoke     = contains(local.strategies, "invoke")
  sends      = local.sqs || local.invoke
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = aws_iam_role.this.arn
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  handler          = "bootstrap"
  filename         = var.artifact
  source_code_hash = filebase64sha256(var.artifact)
  memory_size      = var.memory_size
  timeout          = var.timeout

  environment {
    variables = merge(
      var.environment,
      { OFFLOAD_STRATEGY = var.strategy },
      local.sqs ? { OFFLOAD_SQS_QUEUE_URL = aws_sqs_queue.tasks[0].url } : {},
    )
  }
}

resource "aws_lambda_function_url" "this" {
  function_name      = aws_lambda_function.this.function_name
  authorization_type = "AWS_IAM"
}

# invoke: Lambda's own retries, and where it puts what failed for good.
resource "aws_lambda_function_event_invoke_config" "this" {
  count = local.invoke ? 1 : 0

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters[0].arn
    }
  }
}
