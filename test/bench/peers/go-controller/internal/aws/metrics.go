package aws

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var calls = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "aurora_dr_aws_calls_total",
	Help: "Requests to AWS.",
}, []string{"action", "region", "result"})

func init() { metrics.Registry.MustRegister(calls) }

// count is a middleware of every client that counts requests.
func count(region string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Count", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleInitialize(ctx, in)
			result := [...]string{"not-attempted", "ok", "rejected", "no-answer"}[Classify(err)]
			calls.WithLabelValues(awsmiddleware.GetOperationName(ctx), region, result).Inc()
			return out, metadata, err
		}), middleware.After)
	}
}
