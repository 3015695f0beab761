variable "name" {
  description = "Name of the function, and prefix of what belongs to it."
  type        = string
}

variable "strategy" {
  description = "OFFLOAD_STRATEGY: stream, extension, invoke, sqs, or a chain such as \"extension,sqs\"."
  type        = string
  default     = "extension,sqs"

  validation {
    condition     = contains(["stream", "extension", "invoke", "sqs", "stream,sqs", "extension,sqs", "stream,invoke", "extension,invoke", "sqs,stream"], var.strategy)
    error_message = "The module knows stream, extension, invoke, sqs and chains of one of the first two with one of the others."
  }
}

variable "artifact" {
  description = "Path of the zip with the program as \"bootstrap\", built with GOOS=linux GOARCH=arm64 CGO_ENABLED=0."
  type        = string
}

variable "memory_size" {
  description = "Memory in MB."
  type        = number
  default     = 512
}

variable "timeout" {
  description = "Timeout in seconds, for handler and tail together. The queue's visibility timeout is six times as long."
  type        = number
  default     = 30

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "Lambda takes 1 to 900 seconds."
  }
}

variable "environment" {
  description = "Further environment variables of the function."
  type        = map(string)
  default     = {}
}

variable "max_receive_count" {
  description = "After how many deliveries a task that fails goes to the dead-letter queue."
  type        = number
  default     = 5
}

variable "maximum_concurrency" {
  description = "How many batches of tasks run at once, 2 to 1000."
  type        = number
  default     = 10
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that alarms go to; empty for none."
  type        = string
  default     = ""
}
