data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

data "aws_iam_policy_document" "tasks" {
  # Deferring, and running what was deferred.
  dynamic "statement" {
    for_each = aws_sqs_queue.tasks

    content {
      actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      resources = [statement.value.arn]
    }
  }

  # The function invokes itself. Its ARN is put together here, for the function refers to the role.
  dynamic "statement" {
    for_each = local.invoke ? [1] : []

    content {
      actions = ["lambda:InvokeFunction"]
      resources = [
        "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:function:${var.name}",
        "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:function:${var.name}:*",
      ]
    }
  }

  # What failed for good, by Lambda's on-failure destination.
  dynamic "statement" {
    for_each = [for queue in aws_sqs_queue.dead_letters : queue if local.invoke]

    content {
      actions   = ["sqs:SendMessage"]
      resources = [statement.value.arn]
    }
  }
}

resource "aws_iam_role_policy" "tasks" {
  count = local.sends ? 1 : 0

  name   = "tasks"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.tasks.json
}
