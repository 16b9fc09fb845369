// Package controller reconciles DisasterRecoveryPolicies: it digests the rounds of observation, answers requests, and
// registers a role change in status before it calls AWS.
package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
	"aurora-dr.io/bench/go-controller/internal/aws"
	"aurora-dr.io/bench/go-controller/internal/decide"
	"aurora-dr.io/bench/go-controller/internal/observe"
)

const (
	conflictPause = 10 * time.Millisecond
	refresh       = 4 * time.Minute
	callTimeout   = 5 * time.Second
	historyLength = 10
	// Who starts a failover goes first, by its policy's priority; then what people change; then what is asked of AWS and only
	// has to be followed; then, in turns, calm rounds and what was listed at the start.
	priorityOfCalm   = handler.LowPriority
	priorityOfFollow = -1
	firstBackOff     = time.Second
	lastBackOff      = 30 * time.Second
)

// Options of the reconciler.
type Options struct {
	Workers        int
	Identity       string
	FollowInterval time.Duration
	// UnconfirmedWindow is how long reads must show no effect before an ambiguous call is made again.
	UnconfirmedWindow time.Duration
	// RoleChangesPerSecond and their burst, for each region and action.
	RoleChangesPerSecond float64
	RoleChangeBurst      int
}

// Reconciler of policies. One key is reconciled by one worker at a time.
type Reconciler struct {
	client   client.Client
	live     client.Reader
	observer *observe.Observer
	options  Options

	mu       sync.Mutex
	sessions map[types.NamespacedName]*session
	buckets  map[string]*rate.Limiter
	queue    workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// session is what is known of one policy beside its object.
type session struct {
	uid      types.UID
	priority int
	// inbox has the rounds that no reconcile has seen; the reconciler's lock guards it.
	inbox      []decide.Round
	memory     *decide.Memory
	assessment *decide.Assessment
	fresh      bool
	refreshAt  time.Time
	// written replaces the cached object for as long as the cache shows the version that it was made from.
	replaced string
	written  *v1alpha1.DisasterRecoveryPolicy
	// uncalled is the operation that this process has registered, and AWS was certainly not asked for.
	uncalled  string
	notBefore time.Time
	failures  int
	calmSince time.Time
}

// New makes a reconciler. Its observer's rounds go to Receive. It reads from the client's cache, and where that would be
// too old from the API server itself.
func New(c client.Client, live client.Reader, o Options) *Reconciler {
	return &Reconciler{
		client: c, live: live, options: o, sessions: map[types.NamespacedName]*session{}, buckets: map[string]*rate.Limiter{},
	}
}

// SetupWithManager registers the controller. Its own writes of status do not bring a policy back into the queue.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, observer *observe.Observer) error {
	r.observer = observer
	asked := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	return ctrl.NewControllerManagedBy(mgr).
		Named("disasterrecoverypolicy").
		For(&v1alpha1.DisasterRecoveryPolicy{}, builder.WithPredicates(asked)).
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.queue = queue
			return nil
		})).
		WithOptions(controller.Options{MaxConcurrentReconciles: r.options.Workers}).
		Complete(r)
}

// Receive takes a round and asks for the reconcile of its policy.
func (r *Reconciler) Receive(key types.NamespacedName, round decide.Round) {
	r.mu.Lock()
	s, queue := r.sessions[key], r.queue
	if s == nil || queue == nil {
		r.mu.Unlock()
		return
	}
	s.inbox = append(s.inbox, round)
	priority := s.priority
	r.mu.Unlock()
	request := reconcile.Request{NamespacedName: key}
	if prioritized, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
		prioritized.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
		return
	}
	queue.Add(request)
}

// Reconcile brings one policy forward by whatever its rounds, its annotations and its operation call for.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	cached := &v1alpha1.DisasterRecoveryPolicy{}
	if err := r.client.Get(ctx, request.NamespacedName, cached); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, err
	}
	s := r.session(request.NamespacedName, cached)
	t := &turn{r: r, s: s, key: request.NamespacedName, policy: s.newest(cached), now: time.Now()}
	result, err := t.run(ctx)
	r.rank(t)
	if apierrors.IsConflict(err) {
		// Somebody wrote in between: nothing was done, and the newer object is about to come.
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	}
	if watchErr := r.observer.Watch(t.key, t.target()); watchErr != nil && err == nil {
		err = watchErr
	}
	return result, err
}

func (r *Reconciler) forget(key types.NamespacedName) {
	r.observer.Forget(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, key)
}

func (r *Reconciler) session(key types.NamespacedName, policy *v1alpha1.DisasterRecoveryPolicy) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[key]
	if s == nil || s.uid != policy.UID {
		s = &session{uid: policy.UID, memory: decide.Restore(policy)}
		r.sessions[key] = s
	}
	return s
}

// rank sets how soon the next round of a policy is looked at.
func (r *Reconciler) rank(t *turn) {
	priority := priorityOfCalm
	switch a := t.s.assessment; {
	case t.policy.Status.Operation != nil:
		priority = priorityOfFollow
	case a != nil && !a.Incident.IsZero():
		priority = 1 + t.policy.Spec.Failover.Priority
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.s.priority = priority
}

func (r *Reconciler) takeInbox(s *session) []decide.Round {
	r.mu.Lock()
	defer r.mu.Unlock()
	rounds := s.inbox
	s.inbox = nil
	return rounds
}

// bucket limits the role changes of one account, region and action, as AWS does.
func (r *Reconciler) bucket(role, region, kind string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := role + "/" + region + "/" + kind
	if r.buckets[name] == nil {
		r.buckets[name] = rate.NewLimiter(rate.Limit(r.options.RoleChangesPerSecond), r.options.RoleChangeBurst)
	}
	return r.buckets[name]
}

func (s *session) newest(cached *v1alpha1.DisasterRecoveryPolicy) *v1alpha1.DisasterRecoveryPolicy {
	if s.written != nil && (cached.ResourceVersion == s.replaced || cached.ResourceVersion == s.written.ResourceVersion) {
		return s.written
	}
	s.written = nil
	return cached
}

// turn is one reconcile. The policy is the cache's own object until it is first written: it must not be changed.
type turn struct {
	r      *Reconciler
	s      *session
	key    types.NamespacedName
	policy *v1alpha1.DisasterRecoveryPolicy
	now    time.Time
}

func (t *turn) run(ctx context.Context) (ctrl.Result, error) {
	s := t.s
	for _, round := range t.r.takeInbox(s) {
		s.assessment, s.fresh = decide.Assess(t.policy, s.memory, &round), true
	}
	if s.assessment == nil {
		return ctrl.Result{}, t.announce(ctx)
	}
	if err := t.answer(ctx); err != nil {
		return ctrl.Result{}, err
	}
	if err := t.operate(ctx); err != nil {
		return ctrl.Result{}, err
	}
	s.fresh = false
	if err := t.saveObservations(ctx); err != nil {
		return ctrl.Result{}, err
	}
	if wait := s.notBefore.Sub(t.now); t.policy.Status.Operation != nil && wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	return ctrl.Result{}, nil
}

// announce says that the policy was seen, before its first round.
func (t *turn) announce(ctx context.Context) error {
	if t.policy.Status.Phase != "" {
		return nil
	}
	return t.save(ctx, func(status *v1alpha1.Status) {
		status.Phase, status.ObservedGeneration = "Pending", t.policy.Generation
	})
}

// answer handles a request by annotation: recorded first, then the annotations are removed, and only then AWS is called.
func (t *turn) answer(ctx context.Context) error {
	region, asked := t.policy.Annotations[v1alpha1.ForceFailover]
	if !asked {
		return nil
	}
	op, last := t.policy.Status.Operation, t.policy.Status.LastRequest
	if op != nil && last != nil && last.OperationID == op.ID && op.Step == v1alpha1.StepAccepted {
		// Registered, and the annotations' removal did not come through.
		return t.removeRequest(ctx)
	}
	forceType := t.policy.Annotations[v1alpha1.ForceType]
	accepts := t.policy.Annotations[v1alpha1.AcceptDataLoss] == "true"
	kind, target, refusal := t.s.assessment.Force(region, forceType, accepts)
	if op != nil {
		refusal = "OperationInFlight"
	}
	if forceType == "" {
		forceType = "Auto"
	}
	request := &v1alpha1.LastRequest{
		Action: "force-failover", Value: region, ForceType: forceType, AcceptDataLoss: accepts,
		ObservedAt: v1alpha1.NewTime(t.now), Result: "Accepted", Reason: "Accepted",
	}
	if refusal != "" {
		request.Result, request.Reason = "Refused", refusal
		if err := t.save(ctx, func(status *v1alpha1.Status) { status.LastRequest = request }); err != nil {
			return err
		}
		return t.removeRequest(ctx)
	}
	request.Message = kind + " to " + target.Region
	return t.start(ctx, kind, "Annotation", target, request)
}

func (t *turn) operate(ctx context.Context) error {
	a := t.s.assessment
	if t.policy.Status.Operation != nil {
		return t.follow(ctx)
	}
	if !t.s.fresh || !a.ShouldFailOver(t.policy, t.now) {
		return nil
	}
	states := map[string]string{}
	for _, s := range a.Signals {
		states[s.Name] = s.State
	}
	slog.Warn("the primary region is lost: an automatic failover starts",
		"policy", t.key.String(), "action", "failover", "target", a.Target.Region, "quorumRounds", a.FailingRounds,
		slog.Group("round", "startedAt", a.Round.Started, "completedAt", a.Round.Completed), "signals", states)
	return t.start(ctx, v1alpha1.TypeFailover, "Automatic", a.Target, nil)
}

// start registers an operation and calls AWS. The read before the call does not depend on the write before the call.
func (t *turn) start(ctx context.Context, kind, trigger string, target *decide.Candidate, request *v1alpha1.LastRequest) error {
	a := t.s.assessment
	detected := a.Incident
	if detected.IsZero() {
		detected = t.now
	}
	op := &v1alpha1.Operation{
		ID:   fmt.Sprintf("%s-%s-%06x", strings.ToLower(kind), t.now.UTC().Format("20060102t150405z"), rand.IntN(1<<24)),
		Type: kind, Trigger: trigger, From: a.Primary, To: target.Region, TargetClusterARN: target.ARN,
		Step: v1alpha1.StepAccepted, DataLossAllowed: kind == v1alpha1.TypeFailover,
		DetectedAt: v1alpha1.NewTime(detected), StartedAt: v1alpha1.NewTime(t.now), Fence: "Unknown",
		AcceptedBy: t.r.options.Identity,
	}
	if kind == v1alpha1.TypeFailover && target.LossKnown {
		op.EstimatedLoss = &target.LossMilliseconds
	}
	checked := make(chan error, 1)
	go func() { checked <- t.precheck(ctx, op) }()
	t.s.uncalled, t.s.failures, t.s.notBefore, t.s.calmSince = op.ID, 0, time.Time{}, time.Time{}
	if err := t.save(ctx, func(status *v1alpha1.Status) {
		status.Operation = op
		if request != nil {
			request.OperationID = op.ID
			status.LastRequest = request
		}
	}); err != nil {
		return err
	}
	if request != nil {
		if err := t.removeRequest(ctx); err != nil {
			return err
		}
	}
	return t.call(ctx, <-checked)
}

// precheck reads the global cluster in the target's region, which the loss of the primary's cannot hide.
func (t *turn) precheck(ctx context.Context, op *v1alpha1.Operation) error {
	region, err := t.r.observer.Region(t.role(), op.To)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	view, err := region.Describe(ctx, t.policy.Spec.GlobalClusterIdentifier)
	if err != nil {
		return err
	}
	if view.InFlight {
		return errInFlight
	}
	if writer := view.Writer(); writer != nil && writer.Region != op.From {
		return fmt.Errorf("RDS in %s calls %s the writer", op.To, writer.ARN)
	}
	return nil
}

var errInFlight = errors.New("a role change is in flight already")

// call asks AWS for the role change that is registered, once, when the budget of its region allows.
func (t *turn) call(ctx context.Context, precheck error) error {
	op := t.policy.Status.Operation
	if errors.Is(precheck, errInFlight) {
		t.s.uncalled = ""
		return t.save(ctx, func(status *v1alpha1.Status) { status.Operation.Step = v1alpha1.StepRequested })
	}
	if precheck != nil {
		t.backOff()
		return nil
	}
	at := op.To
	if op.Type == v1alpha1.TypeSwitchover {
		at = op.From
	}
	if wait := t.reserve(at, op.Type); wait > 0 {
		return nil
	}
	region, err := t.r.observer.Region(t.role(), at)
	if err != nil {
		return err
	}
	t.s.uncalled = ""
	// Also when this process is just told to end: what AWS answers has to be recorded. The lease outlives the call.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	called := v1alpha1.Now()
	var id string
	if op.Type == v1alpha1.TypeFailover {
		id, err = region.Failover(ctx, t.policy.Spec.GlobalClusterIdentifier, op.TargetClusterARN)
	} else {
		id, err = region.Switchover(ctx, t.policy.Spec.GlobalClusterIdentifier, op.TargetClusterARN)
	}
	step, message := v1alpha1.StepRequested, "AWS accepted the call"
	if err != nil {
		refused, passing := aws.WasRefused(err)
		message = err.Error()
		switch {
		case refused && (passing || op.Trigger == "Automatic"):
			step = v1alpha1.StepAccepted
			t.s.uncalled = op.ID
			t.backOff()
		case refused:
			return t.finish(context.WithoutCancel(ctx), "Failed", "RefusedByAws", message)
		default:
			step = v1alpha1.StepUnconfirmed
		}
	}
	return t.saveAfterwards(context.WithoutCancel(ctx), func(status *v1alpha1.Status) {
		status.Operation.Step, status.Operation.CalledAt, status.Operation.Message = step, &called, message
		status.Operation.RequestID = id
		status.Operation.Attempts++
	})
}

// reserve gives how long this call has to wait for its place in the budget; its reconcile comes back then.
func (t *turn) reserve(region, kind string) time.Duration {
	s := t.s
	if !s.notBefore.IsZero() && s.failures == 0 {
		// The place that was reserved before.
		if wait := s.notBefore.Sub(time.Now()); wait > 0 {
			return wait
		}
		s.notBefore = time.Time{}
		return 0
	}
	wait := t.r.bucket(t.role(), region, kind).Reserve().Delay()
	if wait > 0 {
		s.failures, s.notBefore = 0, time.Now().Add(wait)
	}
	return wait
}

func (t *turn) backOff() {
	wait := min(lastBackOff, firstBackOff<<min(t.s.failures, 5))
	t.s.failures++
	t.s.notBefore = time.Now().Add(wait)
}

// follow brings an operation to its end.
func (t *turn) follow(ctx context.Context) error {
	op, s := t.policy.Status.Operation, t.s
	isOver := t.now.Sub(op.StartedAt.Time) > t.policy.Spec.Failover.Timeout.Duration
	if op.Step == v1alpha1.StepAccepted && s.uncalled == op.ID {
		switch {
		case isOver:
			return t.finish(ctx, "TimedOut", "TimedOut", op.Message)
		case t.now.Before(s.notBefore):
			return nil
		}
		return t.call(ctx, t.precheck(ctx, op))
	}
	if !s.fresh {
		return nil
	}
	a := s.assessment
	if a.Primary == op.To && !a.InFlight && !a.Disputed && t.serves(op.To) {
		return t.finish(ctx, "Succeeded", "Succeeded", "the writer is in "+op.To)
	}
	if isOver {
		return t.finish(ctx, "TimedOut", "TimedOut", op.Message)
	}
	if op.Step == v1alpha1.StepRequested {
		return nil
	}
	// Nobody knows whether AWS took the call: another process registered it, or its answer was lost.
	if a.InFlight || a.Primary == op.To {
		return t.save(ctx, func(status *v1alpha1.Status) { status.Operation.Step = v1alpha1.StepRequested })
	}
	if s.calmSince.IsZero() {
		s.calmSince = a.Round.Started
	}
	if a.Round.Completed.Sub(s.calmSince) < t.r.options.UnconfirmedWindow {
		return nil
	}
	s.calmSince = time.Time{}
	return t.call(ctx, t.precheck(ctx, op))
}

// serves tells whether the region's cluster is available and, where that is watched, its endpoint accepts.
func (t *turn) serves(region string) bool {
	a := t.s.assessment
	for i := range t.policy.Spec.Regions {
		if t.policy.Spec.Regions[i].Name != region {
			continue
		}
		cluster := a.Round.Regions[i].Cluster
		if cluster == nil || cluster.Status != "available" {
			return false
		}
	}
	for _, s := range a.Signals {
		if s.Name == decide.Endpoint && s.State != decide.Passing {
			return false
		}
	}
	return true
}

func (t *turn) finish(ctx context.Context, outcome, reason, message string) error {
	op := t.policy.Status.Operation
	entry := v1alpha1.HistoryEntry{
		ID: op.ID, Type: op.Type, Trigger: op.Trigger, From: op.From, To: op.To, Outcome: outcome, Reason: reason,
		Message: message, DetectedAt: op.DetectedAt, StartedAt: op.StartedAt, CompletedAt: v1alpha1.Now(),
		EstimatedLoss: op.EstimatedLoss, RequestID: op.RequestID,
	}
	if outcome == "Succeeded" {
		recovery := entry.CompletedAt.Sub(op.DetectedAt.Time).Milliseconds()
		entry.RecoveryTime = &recovery
	}
	t.s.uncalled = ""
	return t.saveAfterwards(ctx, func(status *v1alpha1.Status) {
		status.Operation = nil
		status.History = append([]v1alpha1.HistoryEntry{entry}, status.History...)
		status.History = status.History[:min(len(status.History), historyLength)]
		if outcome == "Succeeded" {
			status.PrimaryRegion = op.To
		}
		if outcome != "Failed" {
			until := v1alpha1.NewTime(entry.CompletedAt.Add(t.policy.Spec.Failover.Cooldown.Duration))
			status.CooldownUntil = &until
		}
	})
}

// role is what is assumed in the account of the global cluster; empty for the process's own account.
func (t *turn) role() string {
	if t.policy.Spec.AWS == nil {
		return ""
	}
	return t.policy.Spec.AWS.RoleARN
}

// target is what the next rounds look at.
func (t *turn) target() observe.Target {
	spec, status := &t.policy.Spec, &t.policy.Status
	signals := &spec.Detection.Signals
	target := observe.Target{
		Global: spec.GlobalClusterIdentifier, Role: t.role(), Primary: status.PrimaryRegion, Probe: signals.Endpoint != nil,
		Lag: signals.Replication != nil, Interval: spec.Detection.Interval.Duration, Timeout: spec.Detection.Timeout.Duration,
	}
	if signals.HTTP != nil {
		target.Witness = signals.HTTP.URL
	}
	if a := t.s.assessment; a != nil {
		target.Primary, target.Suspected = a.Primary, !a.Incident.IsZero()
	}
	if status.Operation != nil && t.r.options.FollowInterval < target.Interval {
		target.Interval = t.r.options.FollowInterval
	}
	target.Regions = make([]observe.TargetRegion, len(spec.Regions))
	for i := range spec.Regions {
		target.Regions[i] = observe.TargetRegion{Name: spec.Regions[i].Name, Cluster: spec.Regions[i].ClusterIdentifier}
	}
	for i := range status.Regions {
		if status.Regions[i].Name == target.Primary {
			target.Address, target.Port = status.Regions[i].Endpoint, status.Regions[i].Port
		}
	}
	return target
}
