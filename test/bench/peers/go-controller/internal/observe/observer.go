// Package observe watches all policies at once: each region of an account is walked once for all of its policies, lag is asked
// in batches, endpoints are probed over a bounded pool, and every policy gets a round of its own as soon as its parts are
// there.
package observe

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"aurora-dr.io/bench/go-controller/internal/aws"
	"aurora-dr.io/bench/go-controller/internal/decide"
)

const (
	// probesInFlight is the most endpoint probes and witness requests at once.
	probesInFlight = 256
	// oldestWalk is how old a walk may be at most to be good enough for a round that starts now.
	oldestWalk = 5 * time.Second
	// punctuality: ticks come a few milliseconds early or late, and a series must not be asked every second one too late.
	punctuality = 20
	spreadSteps = 20
)

// TargetRegion is one region of a policy.
type TargetRegion struct{ Name, Cluster string }

// Target is what is observed for one policy.
type Target struct {
	Global string
	// Role that is assumed in the account of the global cluster; empty for the process's own account.
	Role     string
	Regions  []TargetRegion
	Primary  string
	Address  string
	Port     int32
	Probe    bool
	Lag      bool
	Witness  string
	Interval time.Duration
	Timeout  time.Duration
	// Suspected: lag is asked in every round, not once a metric period.
	Suspected bool
}

func (t *Target) equal(o *Target) bool {
	if len(t.Regions) != len(o.Regions) {
		return false
	}
	for i := range t.Regions {
		if t.Regions[i] != o.Regions[i] {
			return false
		}
	}
	a, b := *t, *o
	a.Regions, b.Regions = nil, nil
	return a.Global == b.Global && a.Role == b.Role && a.Primary == b.Primary && a.Address == b.Address && a.Port == b.Port &&
		a.Probe == b.Probe && a.Lag == b.Lag && a.Witness == b.Witness && a.Interval == b.Interval &&
		a.Timeout == b.Timeout && a.Suspected == b.Suspected
}

// place is a region of the account that a role stands for.
type place struct{ role, region string }

// Observer of all policies.
type Observer struct {
	config  aws.Config
	onRound func(types.NamespacedName, decide.Round)
	slots   chan struct{}
	witness *http.Client

	mu      sync.Mutex
	ctx     context.Context
	watched map[types.NamespacedName]*watched
	regions map[place]*region
	// transports by region.
	transports map[string]*aws.Transports
	// origins by role.
	origins  map[string]time.Time
	groups   map[group]*ticker
	newcomer map[*watched]struct{}
	kick     chan struct{}
}

// group of policies whose rounds start together.
type group struct {
	role              string
	interval, timeout time.Duration
}

type ticker struct {
	members map[*watched]struct{}
	stop    context.CancelFunc
}

// watched is one policy, and its round in progress.
type watched struct {
	key     types.NamespacedName
	target  Target
	regions []*region
	group   group
	current *current
	gone    bool
}

// current is a round in progress: parts that are missing are counted.
type current struct {
	round   decide.Round
	started time.Time
	missing int
	// pending marks, by region, which parts of it are missing.
	pending []parts
	probe   bool
	witness bool
}

type parts struct{ globals, clusters, lag bool }

// New makes an observer; nothing is observed before Start.
func New(config aws.Config, onRound func(types.NamespacedName, decide.Round)) *Observer {
	return &Observer{
		config:     config,
		onRound:    onRound,
		slots:      make(chan struct{}, probesInFlight),
		witness:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: probesInFlight, IdleConnTimeout: 30 * time.Second}},
		watched:    map[types.NamespacedName]*watched{},
		regions:    map[place]*region{},
		transports: map[string]*aws.Transports{},
		origins:    map[string]time.Time{},
		groups:     map[group]*ticker{},
		newcomer:   map[*watched]struct{}{},
		kick:       make(chan struct{}, 1),
	}
}

// Start observes until the context ends.
func (o *Observer) Start(ctx context.Context) error {
	o.mu.Lock()
	o.ctx = ctx
	for g := range o.groups {
		o.run(g)
	}
	o.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-o.kick:
			o.mu.Lock()
			first := make([]*watched, 0, len(o.newcomer))
			for w := range o.newcomer {
				first = append(first, w)
			}
			clear(o.newcomer)
			o.mu.Unlock()
			o.tick(first, time.Now())
		}
	}
}

// Watch adds a policy, or changes what is observed for it. The first round of a policy starts at once.
func (o *Observer) Watch(key types.NamespacedName, target Target) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.watched[key]
	if w != nil && w.target.equal(&target) {
		return nil
	}
	regions := make([]*region, 0, len(target.Regions))
	for _, r := range target.Regions {
		known, err := o.region(target.Role, r.Name)
		if err != nil {
			return err
		}
		regions = append(regions, known)
	}
	if w != nil {
		o.leave(w)
	}
	isFirst := w == nil || w.target.Global != target.Global
	next := &watched{key: key, target: target, regions: regions, group: group{target.Role, target.Interval, target.Timeout}}
	o.watched[key] = next
	o.join(next)
	if isFirst {
		o.newcomer[next] = struct{}{}
		select {
		case o.kick <- struct{}{}:
		default:
		}
	}
	return nil
}

// Forget ends the observation of a policy.
func (o *Observer) Forget(key types.NamespacedName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := o.watched[key]; w != nil {
		o.leave(w)
		delete(o.watched, key)
	}
}

// Region gives the clients of a region of the account that the role stands for.
func (o *Observer) Region(role, name string) (*aws.Region, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, err := o.region(role, name)
	if err != nil {
		return nil, err
	}
	return r.client, nil
}

func (o *Observer) region(role, name string) (*region, error) {
	key := place{role, name}
	if known := o.regions[key]; known != nil {
		return known, nil
	}
	if o.transports[name] == nil {
		o.transports[name] = aws.NewTransports()
	}
	client, err := aws.NewRegion(context.Background(), name, role, o.transports[name], o.config)
	if err != nil {
		return nil, err
	}
	r := newRegion(o, client)
	o.regions[key] = r
	return r, nil
}

func (o *Observer) join(w *watched) {
	for i, r := range w.regions {
		add(r.globals.users, w.target.Global, user{w, i})
		add(r.clusters.users, w.target.Regions[i].Cluster, user{w, i})
	}
	t := o.groups[w.group]
	if t == nil {
		t = &ticker{members: map[*watched]struct{}{}}
		o.groups[w.group] = t
		if o.ctx != nil {
			o.run(w.group)
		}
	}
	t.members[w] = struct{}{}
}

func (o *Observer) leave(w *watched) {
	w.gone = true
	w.current = nil
	for i, r := range w.regions {
		remove(r.globals.users, w.target.Global, w)
		remove(r.clusters.users, w.target.Regions[i].Cluster, w)
	}
	delete(o.newcomer, w)
	t := o.groups[w.group]
	delete(t.members, w)
	if len(t.members) == 0 {
		if t.stop != nil {
			t.stop()
		}
		delete(o.groups, w.group)
	}
}

// run ticks for a group of policies of one account with the same interval and timeout. All intervals of an account count
// from one origin, so that rounds of different intervals coincide where they can and share what they read. The lock is held.
func (o *Observer) run(g group) {
	ctx, stop := context.WithCancel(o.ctx)
	t := o.groups[g]
	t.stop = stop
	origin, known := o.origins[g.role]
	if !known {
		// Accounts, and several processes, do not all read at the same moment.
		origin = time.Now().Add(-time.Duration(rand.Int64N(int64(5 * time.Minute))))
		o.origins[g.role] = origin
	}
	go func() {
		for {
			passed := time.Since(origin) / g.interval
			timer := time.NewTimer(time.Until(origin.Add((passed + 1) * g.interval)))
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case now := <-timer.C:
				o.mu.Lock()
				members := make([]*watched, 0, len(t.members))
				for w := range t.members {
					// Consecutive rounds are evidence over time: the second does not come right after the first.
					isTooSoon := w.current != nil && now.Sub(w.current.started) < g.interval/2
					if !isTooSoon {
						members = append(members, w)
					}
				}
				o.mu.Unlock()
				o.tick(members, now)
			}
		}
	}()
}

// tick starts a round of each of these policies.
func (o *Observer) tick(members []*watched, now time.Time) {
	if len(members) == 0 {
		return
	}
	o.mu.Lock()
	timeouts := map[time.Duration][]*current{}
	owners := map[*current]*watched{}
	regions := map[*region]*need{}
	probes := make([]probe, 0, len(members))
	for _, w := range members {
		if w.gone || w.current != nil && w.current.missing > 0 {
			continue
		}
		c := o.begin(w, now, regions)
		timeouts[w.target.Timeout] = append(timeouts[w.target.Timeout], c)
		owners[c] = w
		if c.probe || c.witness {
			probes = append(probes, probe{w, c})
		}
		o.settle(w, c)
	}
	for timeout, rounds := range timeouts {
		time.AfterFunc(time.Until(now.Add(timeout)), func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, c := range rounds {
				o.expire(owners[c], c)
			}
		})
	}
	for r, n := range regions {
		r.serve(o.ctx, n)
	}
	o.mu.Unlock()
	if len(probes) > 0 {
		go o.probeAll(probes)
	}
}

// need is what a tick asks of one region.
type need struct {
	timeout  time.Duration
	interval time.Duration
	walks    bool
	lag      []*watched
	index    []int
}

func (o *Observer) begin(w *watched, now time.Time, regions map[*region]*need) *current {
	t := &w.target
	c := &current{
		round:   decide.Round{Started: now, Regions: make([]decide.RegionReading, len(w.regions))},
		started: now,
		pending: make([]parts, len(w.regions)),
	}
	w.current = c
	c.missing = 1
	for i, r := range w.regions {
		n := regions[r]
		if n == nil {
			n = &need{interval: t.Interval}
			regions[r] = n
		}
		n.timeout = max(n.timeout, t.Timeout)
		n.interval = min(n.interval, t.Interval)
		oldest := now.Add(-min(t.Interval/2, oldestWalk))
		reading := &c.round.Regions[i]
		if seen, ok := r.globals.since(t.Global, oldest); ok {
			reading.Globals, reading.Global = aws.Answered, seen
		} else {
			c.pending[i].globals, n.walks = true, true
			c.missing++
		}
		if seen, ok := r.clusters.since(t.Regions[i].Cluster, oldest); ok {
			reading.Clusters, reading.Cluster = aws.Answered, seen
		} else {
			c.pending[i].clusters, n.walks = true, true
			c.missing++
		}
		// Until the roles are known, nobody knows whose lag to ask.
		if t.Lag && t.Primary != "" && t.Regions[i].Name != t.Primary {
			if r.isLagDue(t, i, now) {
				c.pending[i].lag = true
				c.missing++
				n.lag, n.index = append(n.lag, w), append(n.index, i)
			} else {
				reading.Lag, reading.LagAttempt = r.knownLag(t.Regions[i].Cluster)
			}
		}
	}
	if t.Probe && t.Address != "" {
		c.probe = true
		c.missing++
	}
	if t.Witness != "" {
		c.witness = true
		c.missing++
	}
	return c
}

// settle takes note that one part of a round is there, and delivers it after the last one. The lock is held.
func (o *Observer) settle(w *watched, c *current) {
	if c.missing--; c.missing > 0 || w.gone {
		return
	}
	c.round.Completed = time.Now()
	o.onRound(w.key, c.round)
}

// expire ends a round at its deadline with what is known by then. The lock is held.
func (o *Observer) expire(w *watched, c *current) {
	if c.missing <= 0 {
		return
	}
	for i, r := range w.regions {
		reading := &c.round.Regions[i]
		if c.pending[i].globals {
			c.pending[i].globals = false
			reading.Globals, reading.Global = r.globals.late(w.target.Global, c.started, w.target.Interval, w.target.Timeout)
			c.missing--
		}
		if c.pending[i].clusters {
			c.pending[i].clusters = false
			reading.Clusters, reading.Cluster = r.clusters.late(w.target.Regions[i].Cluster, c.started, w.target.Interval, w.target.Timeout)
			c.missing--
		}
		if c.pending[i].lag {
			c.pending[i].lag = false
			reading.Lag, _ = r.knownLag(w.target.Regions[i].Cluster)
			c.missing--
		}
	}
	// Probes end by themselves at about this time: one that did not even start is not an answer.
	if c.missing > 0 {
		time.AfterFunc(w.target.Timeout/4, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			if c.missing > 0 {
				c.missing = 1
				o.settle(w, c)
			}
		})
		return
	}
	c.missing = 1
	o.settle(w, c)
}

type probe struct {
	w *watched
	c *current
}

// probeAll starts the probes spread over a tenth of the interval, as many at once as there are slots.
func (o *Observer) probeAll(probes []probe) {
	t := &probes[0].w.target
	spread := min(t.Interval/10, (t.Interval-t.Timeout)/2)
	chunk := len(probes)/spreadSteps + 1
	if len(probes) <= probesInFlight/4 {
		spread = 0
	}
	patience := time.Now().Add(2*spread + t.Timeout/4)
	for i, p := range probes {
		if spread > 0 && i%chunk == 0 && i > 0 {
			time.Sleep(spread / spreadSteps)
		}
		if !o.takeSlot(patience) {
			// Too many were in flight for the rest to start in time.
			return
		}
		go func() {
			defer func() { <-o.slots }()
			o.probe(p)
		}()
	}
}

func (o *Observer) takeSlot(patience time.Time) bool {
	select {
	case o.slots <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(time.Until(patience))
	defer timer.Stop()
	select {
	case o.slots <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

func (o *Observer) probe(p probe) {
	t := &p.w.target
	var code int
	var asked sync.WaitGroup
	if p.c.witness {
		asked.Go(func() { code = o.ask(t) })
	}
	attempt := aws.NotAttempted
	if p.c.probe {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(t.Address, strconv.Itoa(int(t.Port))), t.Timeout)
		if attempt = aws.Classify(err); err == nil {
			_ = conn.Close()
		}
	}
	asked.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.c.missing <= 0 {
		return
	}
	if p.c.probe {
		p.c.round.Endpoint, p.c.round.Probed = attempt, t.Primary
		if p.c.witness {
			p.c.missing--
		}
	}
	p.c.round.Witness = code
	o.settle(p.w, p.c)
}

func (o *Observer) ask(t *Target) int {
	ctx, cancel := context.WithTimeout(context.Background(), t.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Witness, nil)
	if err != nil {
		return 0
	}
	response, err := o.witness.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}
