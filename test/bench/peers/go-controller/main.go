// The Go peer of the operator: a controller on controller-runtime and aws-sdk-go-v2 that does what the operator's leader
// does for the policies of the benchmarks.
//
// It has the same CRD, a work queue keyed by policy, one shared walk of DescribeGlobalClusters and DescribeDBClusters for
// each account, region and interval whatever the number of policies, lag asked in batches once a metric period, TCP probes
// over a bounded pool, the signals controlPlane, endpoint, replication and http with votes, quorum, hold and veto,
// changed-only status, the operation registered in status before AWS is called, role changes within a budget for each
// account and region, forced failover by annotation, leader election with release on SIGTERM.
//
// It does less than the operator, so it is the cheaper of the two: no fencing, no publishing (Service, ConfigMap, routing
// metric), no events, no notifications, no decision log, no traces, no Crossplane, no failback, no drills, no MySQL signals,
// no discovery of metric series (it takes the shape that the local AWS has, and one lag metric), no external ids of roles,
// no finalizer, no in-region recovery limit, no priority among calls that wait for their budget other than the work queue's,
// no judgement of its own event loop and clock, and no claims of a cluster by one of several policies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
	"aurora-dr.io/bench/go-controller/internal/aws"
	"aurora-dr.io/bench/go-controller/internal/controller"
	"aurora-dr.io/bench/go-controller/internal/observe"
)

const leaseName = "aurora-dr-go-controller"

type endpoints map[string]string

func (e endpoints) String() string { return fmt.Sprint(map[string]string(e)) }

func (e endpoints) Set(text string) error {
	region, url, ok := strings.Cut(text, "=")
	if !ok || region == "" || url == "" {
		return errors.New("must be REGION=URL")
	}
	e[region] = url
	return nil
}

type options struct {
	kubeconfig, namespace, metricsAddress, healthAddress, leaseNamespace string
	leaseDuration, renewDeadline, retryPeriod                            time.Duration
	aws                                                                  aws.Config
	controller                                                           controller.Options
}

func main() {
	o := options{aws: aws.Config{Endpoints: endpoints{}}}
	// Not the package's own: controller-runtime has put flags there.
	flags := flag.NewFlagSet("go-controller", flag.ExitOnError)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "the API server to use")
	flags.StringVar(&o.namespace, "namespace", "", "the only namespace to watch (default: all)")
	flags.Var(endpoints(o.aws.Endpoints), "aws-endpoint", "REGION=URL: send every AWS call of that region there (repeatable)")
	flags.StringVar(&o.metricsAddress, "metrics-address", "127.0.0.1:0", "where /metrics is served")
	flags.StringVar(&o.healthAddress, "health-probe-address", "127.0.0.1:0", "where /healthz and /readyz are served")
	flags.StringVar(&o.leaseNamespace, "lease-namespace", "", "where the lease is kept (default: no leader election)")
	flags.DurationVar(&o.leaseDuration, "lease-duration", 15*time.Second, "as client-go has it")
	flags.DurationVar(&o.renewDeadline, "renew-deadline", 10*time.Second, "as client-go has it")
	flags.DurationVar(&o.retryPeriod, "retry-period", 2*time.Second, "as client-go has it")
	flags.IntVar(&o.controller.Workers, "workers", 8, "policies that are reconciled at the same time")
	flags.Float64Var(&o.aws.ReadsPerSecond, "reads-per-second", 20, "read requests to AWS per second, for each account and region")
	flags.DurationVar(&o.aws.MetricPeriod, "metric-period", time.Minute, "period of the lag samples, and how often each series is asked")
	flags.DurationVar(&o.controller.FollowInterval, "follow-interval", time.Second, "between two rounds while an operation is in flight")
	flags.DurationVar(&o.controller.UnconfirmedWindow, "unconfirmed-read-window", time.Minute, "how long reads must show no effect before an ambiguous call is made again")
	flags.Float64Var(&o.controller.RoleChangesPerSecond, "role-changes-per-second", 5, "for each account, region and action")
	flags.IntVar(&o.controller.RoleChangeBurst, "role-changes-burst", 100, "for each account, region and action, after a quiet time")
	_ = flags.Parse(os.Args[1:])

	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(logger)
	ctrl.SetLogger(logr.FromSlogHandler(logger.Handler()))
	klog.SetLogger(logr.FromSlogHandler(logger.Handler()))
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		logger.Error("cannot run", "error", err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return err
	}
	// The API server's own priority and fairness is the limit.
	config.QPS = -1
	config.UserAgent = "aurora-dr-go-controller"
	mgr, err := newManager(config, o)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	o.controller.Identity = host + "_" + string(uuid.NewUUID())
	reconciler := controller.New(mgr.GetClient(), mgr.GetAPIReader(), o.controller)
	observer := observe.New(o.aws, reconciler.Receive)
	if err := reconciler.SetupWithManager(mgr, observer); err != nil {
		return err
	}
	// A standby keeps its cache warm.
	if _, err := mgr.GetCache().GetInformer(ctx, &v1alpha1.DisasterRecoveryPolicy{}, cache.BlockUntilSynced(false)); err != nil {
		return err
	}
	// Runs on the leader only, like the controller.
	if err := mgr.Add(manager.RunnableFunc(observer.Start)); err != nil {
		return err
	}
	go func() {
		<-mgr.Elected()
		slog.Info("leading")
	}()
	if err := serve(ctx, o, mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func newManager(config *rest.Config, o options) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	unsafeReads := true
	cached := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		// Reads are of the cache's own objects: what is written is a copy.
		ByObject: map[client.Object]cache.ByObject{&v1alpha1.DisasterRecoveryPolicy{}: {UnsafeDisableDeepCopy: &unsafeReads}},
	}
	if o.namespace != "" {
		cached.DefaultNamespaces = map[string]cache.Config{o.namespace: {}}
	}
	return ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cached,
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		PprofBindAddress:              "0",
		LeaderElection:                o.leaseNamespace != "",
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       o.leaseNamespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &o.leaseDuration,
		RenewDeadline:                 &o.renewDeadline,
		RetryPeriod:                   &o.retryPeriod,
	})
}

// serve answers on ports that the system picks, which controller-runtime's own servers would not tell.
func serve(ctx context.Context, o options, mgr manager.Manager) error {
	health := http.NewServeMux()
	health.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	health.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		policies, err := mgr.GetCache().GetInformer(ctx, &v1alpha1.DisasterRecoveryPolicy{}, cache.BlockUntilSynced(false))
		if err != nil || !policies.HasSynced() {
			http.Error(w, "policies are not listed yet", http.StatusServiceUnavailable)
		}
	})
	figures := http.NewServeMux()
	figures.Handle("/metrics", promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{}))
	for _, server := range []struct {
		name, address string
		handler       http.Handler
	}{{"health", o.healthAddress, health}, {"metrics", o.metricsAddress, figures}} {
		listener, err := net.Listen("tcp", server.address)
		if err != nil {
			return err
		}
		slog.Info("listening", "server", server.name, "port", listener.Addr().(*net.TCPAddr).Port)
		go func() { _ = (&http.Server{Handler: server.handler, ReadHeaderTimeout: time.Second}).Serve(listener) }()
	}
	return nil
}
