// Package aws reads Aurora global databases, account by account, and changes their roles. It keeps of AWS's answers only what
// decisions need, and makes one attempt a call: who asks again, and when, is the caller's to decide.
package aws

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"golang.org/x/time/rate"
)

const (
	pageSize = 100
	// readBurst is how many reads may go out at once after a quiet time.
	readBurst = 60
	// idleConnection is below what servers commonly allow, so that no request meets a connection that is being closed.
	idleConnection = 4 * time.Second
)

// Attempt is what became of a question.
type Attempt uint8

const (
	// NotAttempted: for reasons of this process it was not really asked.
	NotAttempted Attempt = iota
	// Answered as asked.
	Answered
	// Rejected: AWS lives, and did not answer the question (throttling, 4xx).
	Rejected
	// NoAnswer: refused, reset, silent until the timeout, or a 5xx.
	NoAnswer
)

// Member of a global cluster.
type Member struct {
	ARN     string
	Region  string
	Cluster string
	Sync    string
	Writer  bool
}

// GlobalCluster as one region describes it.
type GlobalCluster struct {
	ID       string
	InFlight bool
	Members  []Member
}

// Writer is the member that is called the writer, or nil.
func (g *GlobalCluster) Writer() *Member {
	for i := range g.Members {
		if g.Members[i].Writer {
			return &g.Members[i]
		}
	}
	return nil
}

// Cluster of one region.
type Cluster struct {
	ID            string
	ARN           string
	Status        string
	Endpoint      string
	EngineVersion string
	Port          int32
	Instances     int
}

// Transports of a region's clients, whatever the account. Reads share connections; role changes get fresh ones: on one that
// the far side has just dropped, their outcome would be unknown.
type Transports struct {
	kept, fresh *awshttp.BuildableClient
}

// NewTransports makes those of a region.
func NewTransports() *Transports {
	return &Transports{
		kept: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = 8
			t.IdleConnTimeout = idleConnection
		}),
		fresh: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true }),
	}
}

// Config of the clients.
type Config struct {
	// Endpoints by region; regions without one use AWS's own.
	Endpoints map[string]string
	// ReadsPerSecond for each account and region.
	ReadsPerSecond float64
	// MetricPeriod of the lag samples.
	MetricPeriod time.Duration
}

// Region has the clients of one region of one account.
type Region struct {
	Name   string
	period time.Duration
	rds    *rds.Client
	change *rds.Client
	cw     *cloudwatch.Client
	reads  *rate.Limiter
	words  map[string]string
}

// NewRegion makes the clients of a region of the account whose role is assumed; without a role, of the process's own.
func NewRegion(ctx context.Context, name, role string, transports *Transports, c Config) (*Region, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(name), config.WithRetryer(func() aws.Retryer {
		return aws.NopRetryer{}
	}))
	if err != nil {
		return nil, err
	}
	if url, ok := c.Endpoints[name]; ok {
		cfg.BaseEndpoint = aws.String(url)
	}
	cfg.APIOptions = append(cfg.APIOptions, count(name))
	if role != "" {
		client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.HTTPClient = transports.kept })
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, role))
	}
	return &Region{
		Name:   name,
		period: c.MetricPeriod,
		rds:    rds.NewFromConfig(cfg, func(o *rds.Options) { o.HTTPClient = transports.kept }),
		change: rds.NewFromConfig(cfg, func(o *rds.Options) { o.HTTPClient = transports.fresh }),
		cw: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			o.HTTPClient = transports.kept
			o.DisableRequestCompression = true
			// The operator's SDK speaks JSON 1.0, and so does the local AWS; this one would choose CBOR.
			o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
		}),
		reads: rate.NewLimiter(rate.Limit(c.ReadsPerSecond), readBurst),
		words: map[string]string{},
	}, nil
}

// WalkGlobalClusters gives every global cluster, page by page. onSend is called before each request.
func (r *Region) WalkGlobalClusters(ctx context.Context, timeout time.Duration, onSend func(), onPage func([]GlobalCluster)) error {
	pages := rds.NewDescribeGlobalClustersPaginator(r.rds, &rds.DescribeGlobalClustersInput{MaxRecords: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		out, err := request(ctx, r.reads, timeout, onSend, func(ctx context.Context) (*rds.DescribeGlobalClustersOutput, error) {
			return pages.NextPage(ctx)
		})
		if err != nil {
			return err
		}
		page := make([]GlobalCluster, 0, len(out.GlobalClusters))
		for i := range out.GlobalClusters {
			page = append(page, globalCluster(&out.GlobalClusters[i]))
		}
		onPage(page)
	}
	return nil
}

// WalkClusters gives every DB cluster of the region, page by page.
func (r *Region) WalkClusters(ctx context.Context, timeout time.Duration, onSend func(), onPage func([]Cluster)) error {
	pages := rds.NewDescribeDBClustersPaginator(r.rds, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		out, err := request(ctx, r.reads, timeout, onSend, func(ctx context.Context) (*rds.DescribeDBClustersOutput, error) {
			return pages.NextPage(ctx)
		})
		if err != nil {
			return err
		}
		page := make([]Cluster, 0, len(out.DBClusters))
		for i := range out.DBClusters {
			c := &out.DBClusters[i]
			page = append(page, Cluster{
				ID:            aws.ToString(c.DBClusterIdentifier),
				ARN:           aws.ToString(c.DBClusterArn),
				Status:        r.shared(aws.ToString(c.Status)),
				Endpoint:      aws.ToString(c.Endpoint),
				EngineVersion: r.shared(aws.ToString(c.EngineVersion)),
				Port:          aws.ToInt32(c.Port),
				Instances:     len(c.DBClusterMembers),
			})
		}
		onPage(page)
	}
	return nil
}

// shared gives one copy of a word that thousands of clusters repeat. Only the one walk of clusters in flight calls it.
func (r *Region) shared(word string) string {
	if known, ok := r.words[word]; ok {
		return known
	}
	r.words[word] = word
	return word
}

// request waits for the budget of reads, and then not longer than timeout for the answer.
func request[T any](ctx context.Context, reads *rate.Limiter, timeout time.Duration, onSend func(), send func(context.Context) (T, error)) (T, error) {
	if err := reads.Wait(ctx); err != nil {
		var none T
		return none, err
	}
	onSend()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return send(ctx)
}

func globalCluster(g *rdstypes.GlobalCluster) GlobalCluster {
	members := make([]Member, 0, len(g.GlobalClusterMembers))
	for _, m := range g.GlobalClusterMembers {
		arn := aws.ToString(m.DBClusterArn)
		region, cluster := parseARN(arn)
		members = append(members, Member{
			ARN: arn, Region: region, Cluster: cluster, Sync: string(m.SynchronizationStatus), Writer: aws.ToBool(m.IsWriter),
		})
	}
	// The state is an empty object while nothing is in flight.
	inFlight := g.FailoverState != nil && g.FailoverState.Status != ""
	return GlobalCluster{ID: aws.ToString(g.GlobalClusterIdentifier), InFlight: inFlight, Members: members}
}

// parseARN takes arn:aws:rds:REGION:ACCOUNT:cluster:NAME apart.
func parseARN(arn string) (region, cluster string) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 7 {
		return "", ""
	}
	return parts[3], parts[6]
}

// Describe reads one global cluster right before its roles are changed.
func (r *Region) Describe(ctx context.Context, id string) (*GlobalCluster, error) {
	out, err := r.rds.DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: aws.String(id)})
	if err != nil {
		return nil, err
	}
	if len(out.GlobalClusters) == 0 {
		return nil, errors.New("the global cluster is not known in the target's region")
	}
	found := globalCluster(&out.GlobalClusters[0])
	return &found, nil
}

// Failover promotes the target, whatever of the primary was not replicated. To be called in the target's region.
func (r *Region) Failover(ctx context.Context, id, targetARN string) (requestID string, err error) {
	out, err := r.change.FailoverGlobalCluster(ctx, &rds.FailoverGlobalClusterInput{
		GlobalClusterIdentifier: aws.String(id), TargetDbClusterIdentifier: aws.String(targetARN), AllowDataLoss: aws.Bool(true),
	})
	if err != nil {
		return "", err
	}
	return requestIDOf(out.ResultMetadata), nil
}

// Switchover exchanges the roles without loss. To be called in the primary's region.
func (r *Region) Switchover(ctx context.Context, id, targetARN string) (requestID string, err error) {
	out, err := r.change.SwitchoverGlobalCluster(ctx, &rds.SwitchoverGlobalClusterInput{
		GlobalClusterIdentifier: aws.String(id), TargetDbClusterIdentifier: aws.String(targetARN),
	})
	if err != nil {
		return "", err
	}
	return requestIDOf(out.ResultMetadata), nil
}

// Classify tells what an error says of the far side.
func Classify(err error) Attempt {
	var response *awshttp.ResponseError
	var dns *net.DNSError
	switch {
	case err == nil:
		return Answered
	case errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError:
		return NoAnswer
	// Without a response the status is 0: the transport failed.
	case errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusBadRequest:
		return Rejected
	case errors.Is(err, context.Canceled), errors.As(err, &dns):
		return NotAttempted
	default:
		return NoAnswer
	}
}

// WasRefused tells whether AWS certainly did not take a role change, and whether it may take it later.
func WasRefused(err error) (refused, passing bool) {
	var api smithy.APIError
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true, true
	}
	if !errors.As(err, &api) || Classify(err) != Rejected {
		return false, false
	}
	code := strings.TrimSuffix(api.ErrorCode(), "Fault")
	switch code {
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "InvalidGlobalClusterState", "InvalidDBClusterState":
		return true, true
	}
	return true, false
}

func requestIDOf(metadata middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	return id
}
