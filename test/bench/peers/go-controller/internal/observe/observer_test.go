package observe

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"aurora-dr.io/bench/go-controller/internal/aws"
	"aurora-dr.io/bench/go-controller/internal/decide"
)

// walks stands in for the two lists of a region: each call takes the pages of one walk.
type walks struct {
	globals, clusters chan func(onPage func(id string))
}

// serveFrom begins both lists of the region as serve does, fed by the test.
func (r *region) serveFrom(ctx context.Context, w walks) {
	start(ctx, r, &r.globals, time.Second, func(_ context.Context, _ time.Duration, _ func(), onPage func([]aws.GlobalCluster)) error {
		(<-w.globals)(func(id string) { onPage([]aws.GlobalCluster{{ID: id}}) })
		return nil
	}, func(g *aws.GlobalCluster) string { return g.ID }, (*region).takeGlobal)
	start(ctx, r, &r.clusters, time.Second, func(_ context.Context, _ time.Duration, _ func(), onPage func([]aws.Cluster)) error {
		(<-w.clusters)(func(id string) { onPage([]aws.Cluster{{ID: id}}) })
		return nil
	}, func(c *aws.Cluster) string { return c.ID }, (*region).takeCluster)
}

func TestWhoJoinsAWalkAfterItsPageIsServedByItAllTheSame(t *testing.T) {
	ctx := t.Context()
	rounds := make(chan types.NamespacedName, 10)
	o := New(aws.Config{MetricPeriod: time.Minute}, func(key types.NamespacedName, round decide.Round) {
		if reading := round.Regions[0]; reading.Global == nil || reading.Cluster == nil {
			t.Errorf("the round of %s lacks its cluster: %+v", key, reading)
		}
		rounds <- key
	})
	o.ctx = ctx
	east := newRegion(o, &aws.Region{Name: "east"})
	o.regions[place{region: "east"}] = east
	watch := func(name string) {
		target := Target{
			Global: name, Regions: []TargetRegion{{Name: "east", Cluster: name}}, Interval: time.Hour, Timeout: time.Minute,
		}
		if err := o.Watch(types.NamespacedName{Name: name}, target); err != nil {
			t.Fatal(err)
		}
	}
	begin := func(name string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		w := o.watched[types.NamespacedName{Name: name}]
		o.settle(w, o.begin(w, time.Now(), map[*region]*need{}))
	}
	lists := walks{globals: make(chan func(func(string))), clusters: make(chan func(func(string)))}
	expect := func(name string) {
		select {
		case key := <-rounds:
			if key.Name != name {
				t.Fatalf("the round of %s came, not that of %s", key.Name, name)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no round of %s", name)
		}
	}

	watch("early")
	begin("early")
	o.mu.Lock()
	east.serveFrom(ctx, lists)
	o.mu.Unlock()
	passed, ended := make(chan struct{}, 2), make(chan struct{})
	pages := func(onPage func(string)) {
		onPage("late")
		onPage("early")
		passed <- struct{}{}
		<-ended
	}
	lists.globals <- pages
	lists.clusters <- pages
	<-passed
	<-passed
	expect("early")
	watch("late")
	begin("late")
	expect("late")
	close(ended)
}
