// Package offloademf turns what happens to tasks into CloudWatch metrics, without an agent and without
// calls: it prints lines in CloudWatch's embedded metric format, from which CloudWatch Logs makes metrics.
//
//	metrics, err := offloademf.New(nil)
//	…
//	offload.Start(handler, offload.WithTelemetry(metrics))
//
// # Metrics
//
//	TasksAccepted    Count         After returned nil
//	TasksDone        Count         }
//	TasksFailed      Count         } the end of a task in this process
//	TasksHandedOver  Count         }
//	TasksDropped     Count         }
//	TaskRetries      Count         attempts that failed and were followed by another
//	TaskWait         Milliseconds  from After to the first attempt, the time in a queue included
//	TaskDuration     Milliseconds  from the first attempt to the end
//	TaskTimeLeft     Milliseconds  from the end to the function's timeout
//
// The namespace is [DefaultNamespace], the only dimension FunctionName; see [Options]. A line has only what
// happened: there is no TasksFailed of 0, so let alarms treat missing data as not breaching. Sum is the statistic for the
// counts; the times are single values, of which CloudWatch makes averages and percentiles. Each line also
// has requestId, which is no dimension, for CloudWatch Logs Insights.
//
// # How much is written
//
// One line for each invocation that deferred something or ran a task, as the last of its tail; one more for every
// 100 tasks, because the format takes 100 values of a metric (Amazon CloudWatch User Guide, "Specification: Embedded metric
// format"). A line of one task has about 700 bytes. What costs is the log group's ingestion, and each combination
// of metric and dimensions that occurs, as a custom metric. Nothing is written to the network by the function.
package offloademf
