package aws

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

const (
	// MostQueries is what GetMetricData takes at once.
	MostQueries  = 500
	namespaceRDS = "AWS/RDS"
)

// LagSample is the newest value of a secondary's lag, and the end of the newest period of the control series that tells
// whether CloudWatch itself is late.
type LagSample struct {
	Start        time.Time
	End          time.Time
	ControlEnd   time.Time
	Milliseconds float64
}

// Evidence is when the primary certainly lived: what the secondary had received in that period was written later.
func (s LagSample) Evidence() time.Time {
	return s.Start.Add(-time.Duration(s.Milliseconds * float64(time.Millisecond)))
}

// Lag asks for the newest lag samples of secondaries, at most MostQueries/2 at once.
func (r *Region) Lag(ctx context.Context, timeout time.Duration, clusters []string) (map[string]LagSample, error) {
	queries := make([]cwtypes.MetricDataQuery, 0, 2*len(clusters))
	for i, cluster := range clusters {
		queries = append(queries, r.query("l", i, "AuroraGlobalDBReplicationLag", cluster), r.query("c", i, "CPUUtilization", cluster))
	}
	// The current period is not over: its sample would still change.
	to := time.Now().Truncate(r.period)
	in := &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries, StartTime: aws.Time(to.Add(-10 * r.period)), EndTime: aws.Time(to),
		ScanBy: cwtypes.ScanByTimestampDescending,
	}
	samples := make(map[string]LagSample, len(clusters))
	pages := cloudwatch.NewGetMetricDataPaginator(r.cw, in)
	for pages.HasMorePages() {
		out, err := request(ctx, r.reads, timeout, func() {}, func(ctx context.Context) (*cloudwatch.GetMetricDataOutput, error) {
			return pages.NextPage(ctx)
		})
		if err != nil {
			return nil, err
		}
		for _, result := range out.MetricDataResults {
			r.take(samples, clusters, result)
		}
	}
	return samples, nil
}

func (r *Region) take(samples map[string]LagSample, clusters []string, result cwtypes.MetricDataResult) {
	series, i := parseID(aws.ToString(result.Id))
	if i >= len(clusters) || len(result.Timestamps) == 0 || len(result.Values) == 0 {
		return
	}
	sample := samples[clusters[i]]
	end := result.Timestamps[0].Add(r.period)
	if series == 'c' {
		sample.ControlEnd = end
	} else if end.After(sample.End) {
		sample.Start, sample.End, sample.Milliseconds = result.Timestamps[0], end, result.Values[0]
	}
	samples[clusters[i]] = sample
}

func (r *Region) query(series string, index int, metric, cluster string) cwtypes.MetricDataQuery {
	return cwtypes.MetricDataQuery{
		Id: aws.String(series + strconv.Itoa(index)),
		MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{
				Namespace:  aws.String(namespaceRDS),
				MetricName: aws.String(metric),
				Dimensions: []cwtypes.Dimension{{Name: aws.String("DBClusterIdentifier"), Value: aws.String(cluster)}},
			},
			Period: aws.Int32(int32(r.period.Seconds())),
			Stat:   aws.String("Maximum"),
		},
	}
}

func parseID(id string) (series byte, index int) {
	if id == "" {
		return 0, 1 << 30
	}
	index, err := strconv.Atoi(id[1:])
	if err != nil {
		return 0, 1 << 30
	}
	return id[0], index
}
