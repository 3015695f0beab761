package lambdatest

import (
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
)

// environ is the environment of the function's processes ("Defined runtime environment variables" in the Developer
// Guide), as for the runtime provided.al2023: without _X_AMZN_TRACE_ID and AWS_EXECUTION_ENV.
func (sb *sandbox) environ() []string {
	fn, l := sb.fn, sb.env.lambda
	initialization := "on-demand"
	vars := map[string]string{
		"PATH":                            os.Getenv("PATH"), // interpreters are where this machine has them
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"LAMBDA_TASK_ROOT":                fn.Dir,
		"LAMBDA_RUNTIME_DIR":              fn.Dir,
		"LD_LIBRARY_PATH":                 os.Getenv("LD_LIBRARY_PATH"),
		"_HANDLER":                        fn.Handler,
		"AWS_REGION":                      defaultRegion,
		"AWS_DEFAULT_REGION":              defaultRegion,
		"AWS_LAMBDA_FUNCTION_NAME":        fn.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     functionVersion,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(fn.MemorySize),
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + fn.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      sb.env.logStream,
		"AWS_LAMBDA_RUNTIME_API":          sb.addr,
		// Credentials that no service accepts. AWS_ACCESS_KEY and AWS_SECRET_KEY are older spellings.
		"AWS_ACCESS_KEY_ID":     "local",
		"AWS_ACCESS_KEY":        "local",
		"AWS_SECRET_ACCESS_KEY": "local",
		"AWS_SESSION_TOKEN":     "local",
		// A function that invokes another, or itself, through an AWS SDK reaches this service and not AWS.
		"AWS_ENDPOINT_URL_LAMBDA": l.Endpoint(),
	}
	if fn.SQSEndpoint != "" {
		vars["AWS_ENDPOINT_URL_SQS"] = fn.SQSEndpoint
	}
	if fn.managed() {
		initialization = "lambda-managed-instances"
		vars["AWS_LAMBDA_MAX_CONCURRENCY"] = strconv.Itoa(fn.EnvironmentConcurrency)
	}
	vars["AWS_LAMBDA_INITIALIZATION_TYPE"] = initialization
	if runtime.GOOS == "windows" {
		vars["SYSTEMROOT"] = os.Getenv("SYSTEMROOT") // sockets do not work without
	}
	maps.Copy(vars, fn.Env)
	env := make([]string, 0, len(vars))
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}
