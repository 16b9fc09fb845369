package controller

import (
	"context"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
	"aurora-dr.io/bench/go-controller/internal/decide"
)

const rebaseAttempts = 3

// save writes status, with everything observed, on the very version that this turn knows.
func (t *turn) save(ctx context.Context, change func(*v1alpha1.Status)) error {
	next := t.policy.DeepCopy()
	change(&next.Status)
	t.observe(&next.Status)
	if err := t.r.client.Status().Update(ctx, next); err != nil {
		return err
	}
	t.take(next)
	// A little apart, so that ten thousand policies are not refreshed at the same moment.
	t.s.refreshAt = time.Now().Add(refresh + time.Duration(rand.Int64N(int64(refresh)/4)))
	return nil
}

// saveAfterwards is save for what has already happened and must not be lost to somebody's edit in between.
func (t *turn) saveAfterwards(ctx context.Context, change func(*v1alpha1.Status)) error {
	for attempt := 1; ; attempt++ {
		err := t.save(ctx, change)
		if !apierrors.IsConflict(err) || attempt == rebaseAttempts {
			return err
		}
		newest := &v1alpha1.DisasterRecoveryPolicy{}
		if err := t.r.live.Get(ctx, t.key, newest); err != nil {
			return err
		}
		if newest.Status.Operation == nil || newest.Status.Operation.ID != t.policy.Status.Operation.ID {
			return err
		}
		t.policy = newest
	}
}

// saveObservations writes what was observed if anything significant changed, or the figures are old.
func (t *turn) saveObservations(ctx context.Context) error {
	if t.s.refreshAt.IsZero() {
		// A new leader has all policies before it at once: it refreshes them spread over the time that they have.
		t.s.refreshAt = t.now.Add(time.Duration(rand.Int64N(int64(refresh))))
	}
	if t.now.Before(t.s.refreshAt) && !t.isSignificant() {
		return nil
	}
	return t.save(ctx, func(*v1alpha1.Status) {})
}

func (t *turn) take(written *v1alpha1.DisasterRecoveryPolicy) {
	t.s.replaced = t.replaced()
	t.s.written = written
	t.policy = written
}

// replaced is the version that the cache shows until it hears of our writes: the one before the first of them.
func (t *turn) replaced() string {
	if t.s.written != nil && t.s.written.ResourceVersion == t.policy.ResourceVersion {
		return t.s.replaced
	}
	return t.policy.ResourceVersion
}

func (t *turn) removeRequest(ctx context.Context) error {
	next := t.policy.DeepCopy()
	for _, name := range []string{v1alpha1.ForceFailover, v1alpha1.ForceType, v1alpha1.AcceptDataLoss} {
		delete(next.Annotations, name)
	}
	patch := client.MergeFromWithOptions(t.policy, client.MergeFromWithOptimisticLock{})
	if err := t.r.client.Patch(ctx, next, patch); err != nil {
		return err
	}
	t.take(next)
	return nil
}

// observe composes everything that the last round says.
func (t *turn) observe(status *v1alpha1.Status) {
	a := t.s.assessment
	status.ObservedGeneration = t.policy.Generation
	if a == nil {
		return
	}
	if status.Operation == nil && !a.Disputed && !a.InFlight && a.Primary != "" {
		status.PrimaryRegion = a.Primary
	}
	before := status.Regions
	status.Regions = make([]v1alpha1.RegionStatus, 0, len(a.Candidates))
	status.Lag = "unknown"
	for i := range a.Candidates {
		region := t.region(i, before)
		if region.Name == status.PrimaryRegion {
			status.WriterEndpoint = region.Endpoint
		} else if region.ReplicationLagMilliseconds != nil {
			status.Lag = decide.Milliseconds(*region.ReplicationLagMilliseconds)
		}
		status.Regions = append(status.Regions, region)
	}
	status.Signals = t.signals()
	status.Incident = nil
	if !a.Incident.IsZero() {
		status.Incident = &v1alpha1.Incident{StartedAt: v1alpha1.NewTime(a.Incident)}
	}
	status.Phase = t.phase(status)
	t.conditions(status)
}

func (t *turn) region(i int, before []v1alpha1.RegionStatus) v1alpha1.RegionStatus {
	a := t.s.assessment
	c, reading := &a.Candidates[i], &a.Round.Regions[i]
	region := v1alpha1.RegionStatus{
		Name: c.Region, ClusterIdentifier: t.policy.Spec.Regions[i].ClusterIdentifier, ClusterARN: c.ARN, Role: c.Role,
		Health: c.Health, Promotable: c.Unfit == "" && c.Excluded == "", Reason: c.Unfit,
	}
	if region.Reason == "" {
		region.Reason = c.Excluded
	}
	if cluster := reading.Cluster; cluster != nil {
		region.Endpoint, region.Port = cluster.Endpoint, cluster.Port
		region.EngineVersion, region.ClusterStatus = cluster.EngineVersion, cluster.Status
	}
	if lag := t.s.memory.Lag[i]; c.Role == "Secondary" && !lag.End.IsZero() {
		milliseconds, end := int64(lag.Milliseconds), v1alpha1.NewTime(lag.End)
		region.ReplicationLagMilliseconds, region.LagSampleTime = &milliseconds, &end
	}
	// A lost region cannot say these any more.
	for j := range before {
		if before[j].Name == region.Name && region.Endpoint == "" {
			region.Endpoint, region.Port = before[j].Endpoint, before[j].Port
		}
	}
	return region
}

func (t *turn) signals() []v1alpha1.SignalStatus {
	a := t.s.assessment
	signals := make([]v1alpha1.SignalStatus, 0, len(a.Signals))
	for _, s := range a.Signals {
		status := v1alpha1.SignalStatus{
			Name: s.Name, Vantage: decide.Vantage(s.Name), State: s.State, Since: v1alpha1.NewTime(s.Since),
			Primary: a.Primary, Reason: s.Reason,
		}
		if !s.LastPassed.IsZero() {
			passed := v1alpha1.NewTime(s.LastPassed)
			status.LastPassed = &passed
		}
		signals = append(signals, status)
	}
	return signals
}

func (t *turn) phase(status *v1alpha1.Status) string {
	a := t.s.assessment
	switch {
	case status.Operation != nil && status.Operation.Type == v1alpha1.TypeFailover:
		return v1alpha1.PhaseFailingOver
	case status.Operation != nil:
		return v1alpha1.PhaseSwitchingOver
	case status.PrimaryRegion == "":
		return "Pending"
	case t.policy.Spec.Suspend:
		return v1alpha1.PhaseSuspended
	case !a.Incident.IsZero():
		return v1alpha1.PhaseSuspect
	case a.Target == nil || !a.CanVote:
		return v1alpha1.PhaseUnprotected
	}
	return v1alpha1.PhaseProtected
}

func (t *turn) conditions(status *v1alpha1.Status) {
	a := t.s.assessment
	set := func(kind string, isTrue bool, yes, no string) {
		condition := metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: yes}
		if !isTrue {
			condition.Status, condition.Reason = metav1.ConditionFalse, no
		}
		meta.SetStatusCondition(&status.Conditions, condition)
	}
	stateOf := func(name string) string {
		for _, s := range a.Signals {
			if s.Name == name {
				return s.State
			}
		}
		return ""
	}
	ready := true
	for i := range a.Round.Regions {
		ready = ready && a.Round.Regions[i].Cluster != nil
	}
	set("Ready", ready, "Observed", "NotObserved")
	set("PrimaryHealthy", a.Incident.IsZero() && stateOf(decide.ControlPlane) != decide.Failing, "Serving", "NotServing")
	set("ReplicationHealthy", stateOf(decide.Replication) == decide.Passing, "Receiving", "NotReceiving")
	set("FailoverReady", a.Target != nil && a.CanVote, "Ready", "NotReady")
	set("Progressing", status.Operation != nil, "OperationInFlight", "Idle")
}

// isSignificant tells whether the last round changes more in status than figures and times.
func (t *turn) isSignificant() bool {
	old := &t.policy.Status
	next := v1alpha1.Status{
		PrimaryRegion: old.PrimaryRegion, WriterEndpoint: old.WriterEndpoint, Regions: old.Regions, Operation: old.Operation,
		Conditions: append([]metav1.Condition(nil), old.Conditions...),
	}
	t.observe(&next)
	if old.Phase != next.Phase || old.PrimaryRegion != next.PrimaryRegion || old.WriterEndpoint != next.WriterEndpoint ||
		old.ObservedGeneration != next.ObservedGeneration || (old.Incident == nil) != (next.Incident == nil) ||
		len(old.Regions) != len(next.Regions) || len(old.Signals) != len(next.Signals) ||
		len(old.Conditions) != len(next.Conditions) {
		return true
	}
	for i := range next.Regions {
		a, b := old.Regions[i], next.Regions[i]
		hadLag, hasLag := a.LagSampleTime != nil, b.LagSampleTime != nil
		a.LagSampleTime, b.LagSampleTime, a.ReplicationLagMilliseconds, b.ReplicationLagMilliseconds = nil, nil, nil, nil
		if a != b || hadLag != hasLag {
			return true
		}
	}
	for i := range next.Signals {
		a, b := &old.Signals[i], &next.Signals[i]
		if a.Name != b.Name || a.State != b.State || a.Reason != b.Reason || a.Primary != b.Primary ||
			(a.LastPassed == nil) != (b.LastPassed == nil) {
			return true
		}
	}
	for i := range next.Conditions {
		a, b := &old.Conditions[i], &next.Conditions[i]
		if a.Type != b.Type || a.Status != b.Status || a.Reason != b.Reason {
			return true
		}
	}
	return false
}
