output "url" {
  description = "The function URL. Requests must be signed (AWS_IAM)."
  value       = aws_lambda_function_url.this.function_url
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "dead_letter_queue_url" {
  description = "URL of the dead-letter queue; null without a sender in the chain."
  value       = one(aws_sqs_queue.dead_letters[*].url)
}
