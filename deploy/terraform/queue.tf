resource "aws_sqs_queue" "dead_letters" {
  count = local.sends ? 1 : 0

  name                      = "${var.name}-dead-letters"
  message_retention_seconds = 1209600 # 14 days, the longest there is
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "tasks" {
  count = local.sqs ? 1 : 0

  name                       = "${var.name}-tasks"
  visibility_timeout_seconds = 6 * var.timeout # as Lambda asks for
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[0].arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_lambda_event_source_mapping" "tasks" {
  count = local.sqs ? 1 : 0

  event_source_arn        = aws_sqs_queue.tasks[0].arn
  function_name           = aws_lambda_function.this.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"] # without it Lambda deletes failed tasks

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}
