// Package cost turns a workload into dollars a month, for every way to run work
// after a Lambda response, and into the number of environments it keeps busy.
//
// It does no I/O: prices are dated data ([USEast1], or your own through
// [ParsePrices]), the workload is a value, and the answer is a [Bill] whose
// lines name their unit, price and source:
//
//	bill, err := cost.Estimate(workload, cost.Extension, cost.USEast1())
//	fmt.Println(bill.Total())
//
// [Environments] applies Little's law with the tail counted, [SimulateBurst]
// counts cold starts, [BreakEven] finds where one contestant becomes cheaper
// than another, and [Recommend] picks the cheapest one that meets stated needs.
//
// # Exactness
//
// Quantities and amounts are rational numbers, not floats. A GB-second costs
// $0.0000166667, tiers begin at billions of them, and a break-even is the place
// where two sums are equal: with float64 the error of a sum of large lines is
// of the size of the difference looked for, and 0.1 requests a second would not
// be a tenth. Rounding happens where AWS rounds (up to the millisecond for each
// invocation, up to the chunk for each payload) and once more when an amount is
// printed. Floats in a [Workload] (rates, shares) are read as decimals of twelve
// places. Expected values of random things (retries, empty polls) are computed
// in float64 and then kept to twelve places.
//
// # Lines and tiers
//
// Lambda applies duration tiers and the free tier to all functions of one
// architecture together. Lines of one bill are therefore metered one after the
// other, in the order they are listed: the first uses up the free tier. Which
// line is free is a matter of order; the total is not. Free units count towards
// the tier limits, as on the SQS page ("first million free, from 1 million to
// 100 billion").
//
// # What the model leaves out
//
//   - Data transfer to the internet, NAT, VPC endpoints, KMS, X-Ray, log storage
//     and log queries: the same for every contestant, or not Lambda's.
//   - Savings plans, private pricing, other regions than the one of the prices,
//     and the rest of the account: tiers and free tier are used by this workload
//     alone.
//   - CPU: durations are taken as given at the stated memory. Varying the memory
//     in [BreakEven] changes the price of a millisecond, not how many there are.
//   - What a task costs in other services, and the work of decoding an envelope
//     in a worker.
//   - The pace of a streamed response: past 6 MB Lambda streams 2 MB/s, which
//     the handler's duration has to contain already.
//   - On-failure destinations, dead-letter queues and fair queues, unless given
//     as [Extra] lines; SNS and EventBridge prices were not confirmed and have
//     to be entered there.
//   - Lambda Managed Instances, durable functions, SnapStart, Lambda@Edge.
//   - Duplicates: at-least-once delivery is priced as if it were once.
//
// Numbers without a confirmed source carry a note in the price data and on the
// lines of the bill.
package cost
