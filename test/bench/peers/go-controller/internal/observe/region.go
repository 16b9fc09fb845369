package observe

import (
	"context"
	"time"

	"aurora-dr.io/bench/go-controller/internal/aws"
)

// user is a policy that asks for an item of a walk: for the region with this index in its list.
type user struct {
	w     *watched
	index int
}

func add(users map[string][]user, id string, u user) { users[id] = append(users[id], u) }

func remove(users map[string][]user, id string, w *watched) {
	kept := users[id][:0]
	for _, u := range users[id] {
		if u.w != w {
			kept = append(kept, u)
		}
	}
	if len(kept) == 0 {
		delete(users, id)
		return
	}
	users[id] = kept
}

// walk is one list API of one region, walked once for everybody who asks at about the same time. The observer's lock
// guards it.
type walk[T any] struct {
	users map[string][]user
	// seen has every item, also what no policy has asked for yet: one that comes next is served by the last walk.
	seen    map[string]sighting[T]
	running bool
	sentAt  time.Time
}

type sighting[T any] struct {
	item *T
	at   time.Time
}

func newWalk[T any]() walk[T] {
	return walk[T]{users: map[string][]user{}, seen: map[string]sighting[T]{}}
}

func (w *walk[T]) since(id string, oldest time.Time) (*T, bool) {
	seen, ok := w.seen[id]
	if !ok || seen.at.Before(oldest) {
		return nil, false
	}
	return seen.item, true
}

// late is the answer at the deadline of a round that the walk has not come to: the region may be silent, or the list long.
func (w *walk[T]) late(id string, started time.Time, interval, timeout time.Duration) (aws.Attempt, *T) {
	const grace = 50 * time.Millisecond
	if w.running && time.Since(w.sentAt) >= timeout-grace {
		return aws.NoAnswer, nil
	}
	if item, ok := w.since(id, started.Add(-interval)); ok {
		return aws.Answered, item
	}
	return aws.NotAttempted, nil
}

// region is what is read of one region, for all policies that have a cluster there.
type region struct {
	o        *Observer
	client   *aws.Region
	globals  walk[aws.GlobalCluster]
	clusters walk[aws.Cluster]
	lag      map[string]*lagOf
}

// lagOf one secondary.
type lagOf struct {
	sample  aws.LagSample
	attempt aws.Attempt
	askedAt time.Time
}

func newRegion(o *Observer, client *aws.Region) *region {
	return &region{
		o: o, client: client, globals: newWalk[aws.GlobalCluster](), clusters: newWalk[aws.Cluster](), lag: map[string]*lagOf{},
	}
}

// serve starts what a tick needs and is not on its way. The lock is held.
func (r *region) serve(ctx context.Context, n *need) {
	if n.walks && !r.globals.running {
		start(ctx, r, &r.globals, n.timeout, r.client.WalkGlobalClusters,
			func(g *aws.GlobalCluster) string { return g.ID }, (*region).takeGlobal)
	}
	if n.walks && !r.clusters.running {
		start(ctx, r, &r.clusters, n.timeout, r.client.WalkClusters,
			func(c *aws.Cluster) string { return c.ID }, (*region).takeCluster)
	}
	for from := 0; from < len(n.lag); from += aws.MostQueries / 2 {
		to := min(len(n.lag), from+aws.MostQueries/2)
		go r.askLag(ctx, n.timeout, n.lag[from:to], n.index[from:to])
	}
}

type list[T any] func(ctx context.Context, timeout time.Duration, onSend func(), onPage func([]T)) error

func start[T any](
	ctx context.Context, r *region, w *walk[T], timeout time.Duration, list list[T],
	idOf func(*T) string, take func(*region, user, aws.Attempt, *T),
) {
	w.running, w.sentAt = true, time.Now()
	begun := w.sentAt
	go func() {
		o := r.o
		onSend := func() {
			o.mu.Lock()
			w.sentAt = time.Now()
			o.mu.Unlock()
		}
		err := list(ctx, timeout, onSend, func(page []T) {
			o.mu.Lock()
			defer o.mu.Unlock()
			now := time.Now()
			for i := range page {
				id := idOf(&page[i])
				// A copy of its own: one page must not be kept for one of its items.
				item := page[i]
				w.seen[id] = sighting[T]{&item, now}
				for _, u := range w.users[id] {
					take(r, u, aws.Answered, &item)
				}
			}
		})
		o.mu.Lock()
		defer o.mu.Unlock()
		w.running = false
		attempt := aws.Classify(err)
		for id, seen := range w.seen {
			if err == nil && seen.at.Before(begun) {
				delete(w.seen, id)
			}
		}
		for id, users := range w.users {
			// Some began to wait after this walk had come past their item.
			var item *T
			if err == nil {
				item = w.seen[id].item
			}
			for _, u := range users {
				take(r, u, attempt, item)
			}
		}
	}()
}

func (r *region) takeGlobal(u user, attempt aws.Attempt, item *aws.GlobalCluster) {
	c := u.w.current
	if c == nil || c.missing <= 0 || !c.pending[u.index].globals {
		return
	}
	c.pending[u.index].globals = false
	c.round.Regions[u.index].Globals, c.round.Regions[u.index].Global = attempt, item
	r.o.settle(u.w, c)
}

func (r *region) takeCluster(u user, attempt aws.Attempt, item *aws.Cluster) {
	c := u.w.current
	if c == nil || c.missing <= 0 || !c.pending[u.index].clusters {
		return
	}
	c.pending[u.index].clusters = false
	c.round.Regions[u.index].Clusters, c.round.Regions[u.index].Cluster = attempt, item
	r.o.settle(u.w, c)
}

func (r *region) isLagDue(t *Target, index int, now time.Time) bool {
	known := r.lag[t.Regions[index].Cluster]
	if known == nil {
		return true
	}
	period := r.o.config.MetricPeriod
	wait := period - period/punctuality
	if t.Suspected {
		wait = min(period, t.Interval) / 2
	}
	return now.Sub(known.askedAt) >= wait
}

func (r *region) knownLag(cluster string) (aws.LagSample, aws.Attempt) {
	if known := r.lag[cluster]; known != nil {
		return known.sample, known.attempt
	}
	return aws.LagSample{}, aws.NotAttempted
}

func (r *region) askLag(ctx context.Context, timeout time.Duration, members []*watched, index []int) {
	clusters := make([]string, len(members))
	r.o.mu.Lock()
	now := time.Now()
	for i, w := range members {
		clusters[i] = w.target.Regions[index[i]].Cluster
		known := r.lag[clusters[i]]
		if known == nil {
			known = &lagOf{}
			r.lag[clusters[i]] = known
		}
		known.askedAt = now
	}
	r.o.mu.Unlock()
	samples, err := r.client.Lag(ctx, timeout, clusters)
	attempt := aws.Classify(err)
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	for i, w := range members {
		known := r.lag[clusters[i]]
		known.attempt = attempt
		if sample, ok := samples[clusters[i]]; ok {
			known.sample = sample
		}
		c := w.current
		if c == nil || c.missing <= 0 || !c.pending[index[i]].lag {
			continue
		}
		c.pending[index[i]].lag = false
		c.round.Regions[index[i]].Lag, c.round.Regions[index[i]].LagAttempt = known.sample, attempt
		r.o.settle(w, c)
	}
}
