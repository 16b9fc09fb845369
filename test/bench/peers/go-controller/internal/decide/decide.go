// Package decide judges rounds of observation: plain data in, plain data out, no I/O and no clock. It knows the rules of
// the operator that this controller is compared with, short of the finer ones: see the doc comment of main.
package decide

import (
	"fmt"
	"time"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
	"aurora-dr.io/bench/go-controller/internal/aws"
)

// Names of the signals.
const (
	ControlPlane = "controlPlane"
	Endpoint     = "endpoint"
	Replication  = "replication"
	HTTP         = "http"
)

// States of a signal.
const (
	Passing = "Passing"
	Failing = "Failing"
	Unknown = "Unknown"
)

// voteLifetime: longer ago, nobody knows any more what normal looked like.
const voteLifetime = 24 * time.Hour

var vantages = map[string]string{ControlPlane: "direct", Endpoint: "direct", Replication: "secondary", HTTP: "witness"}

// RegionReading is what one region said in a round.
type RegionReading struct {
	Globals, Clusters, LagAttempt aws.Attempt
	Global                        *aws.GlobalCluster
	Cluster                       *aws.Cluster
	Lag                           aws.LagSample
}

func (r *RegionReading) alive() bool {
	return r.Globals == aws.Answered || r.Globals == aws.Rejected || r.Clusters == aws.Answered || r.Clusters == aws.Rejected
}

func (r *RegionReading) answered() bool {
	return r.Globals == aws.Answered || r.Clusters == aws.Answered
}

// Round is everything that was observed of one policy at about the same time; regions stand in the policy's order.
type Round struct {
	Started, Completed time.Time
	Regions            []RegionReading
	// Endpoint of the writer in the region Probed, which is empty when none was.
	Endpoint aws.Attempt
	Probed   string
	// Witness is the status code, 0 when it did not answer.
	Witness int
}

// Signal is what is remembered of one class.
type Signal struct {
	Name, State, Reason string
	Since, LastPassed   time.Time
	passes              int
}

func (s *Signal) votes(now time.Time) bool {
	return !s.LastPassed.IsZero() && now.Sub(s.LastPassed) <= voteLifetime
}

// Memory is what is remembered of one policy from round to round.
type Memory struct {
	Signals  []Signal
	Incident time.Time
	// FailingRounds counts consecutive rounds of a Failing quorum without hold and veto.
	FailingRounds int
	// Lag by region, in the policy's order: the newest sample at or before the incident.
	Lag        []aws.LagSample
	primary    string
	generation int64
}

// Restore takes over what status says of the votes, so that a new leader need not see everything passing first.
func Restore(policy *v1alpha1.DisasterRecoveryPolicy) *Memory {
	m := &Memory{primary: policy.Status.PrimaryRegion, generation: policy.Status.ObservedGeneration}
	for _, s := range policy.Status.Signals {
		if s.LastPassed == nil || s.Primary != m.primary {
			continue
		}
		m.Signals = append(m.Signals, Signal{
			Name: s.Name, State: s.State, Reason: s.Reason, Since: s.Since.Time, LastPassed: s.LastPassed.Time,
		})
	}
	if policy.Status.Incident != nil {
		m.Incident = policy.Status.Incident.StartedAt.Time
	}
	return m
}

// Candidate is one region as a target.
type Candidate struct {
	Region, ARN, Role, Health string
	Unfit, Excluded           string
	LossMilliseconds          int64
	LossKnown                 bool
}

// Assessment is everything that one round, with what is remembered, says.
type Assessment struct {
	Round      *Round
	Primary    string
	InFlight   bool
	Disputed   bool
	Signals    []Signal
	Candidates []Candidate
	// Quorum of voting classes is Failing.
	Quorum        bool
	FailingRounds int
	Incident      time.Time
	Hold, Veto    bool
	CanVote       bool
	Target        *Candidate
}

// Assess takes a round into the memory and judges it.
func Assess(policy *v1alpha1.DisasterRecoveryPolicy, m *Memory, round *Round) *Assessment {
	spec := &policy.Spec
	a := &Assessment{Round: round}
	a.topology(policy)
	m.forget(spec, a.Primary, policy.Generation)
	survivor := survivorAnswered(spec, round, a.Primary)
	lag := m.freshLag(spec, round)
	for _, name := range listed(spec) {
		state, reason := read(name, spec, a, lag, survivor)
		a.Signals = append(a.Signals, *m.remember(spec, name, state, reason, round.Completed))
	}
	a.Quorum, a.CanVote = quorums(spec, a.Signals, round.Completed)
	m.track(spec, a)
	a.Incident = m.Incident
	m.keepLag(lag)
	a.Hold = primaryHolds(spec, round, a.Primary)
	a.Veto = vetoes(spec, a, lag)
	if a.Quorum && !a.Hold && !a.Veto {
		m.FailingRounds++
	} else {
		m.FailingRounds = 0
	}
	a.FailingRounds = m.FailingRounds
	a.candidates(spec, m)
	return a
}

// ShouldFailOver tells whether automation acts on this round.
func (a *Assessment) ShouldFailOver(policy *v1alpha1.DisasterRecoveryPolicy, now time.Time) bool {
	spec, status := &policy.Spec, &policy.Status
	cooling := status.CooldownUntil != nil && now.Before(status.CooldownUntil.Time)
	allowed := spec.Failover.Mode != "Manual" && !spec.Suspend && !cooling
	stale := now.Sub(a.Round.Completed) > spec.Detection.Interval.Duration+spec.Detection.Timeout.Duration
	return allowed && !stale && !a.InFlight && !a.Disputed && a.Target != nil &&
		a.FailingRounds >= spec.Detection.FailureThreshold
}

func (a *Assessment) topology(policy *v1alpha1.DisasterRecoveryPolicy) {
	for i := range a.Round.Regions {
		view := a.Round.Regions[i].Global
		if view == nil {
			continue
		}
		a.InFlight = a.InFlight || view.InFlight
		writer := view.Writer()
		if writer == nil {
			continue
		}
		if a.Primary != "" && a.Primary != writer.Region {
			a.Disputed = true
		}
		a.Primary = writer.Region
	}
	// Nobody knows better, or not everybody says the same: it is what it was.
	if recorded := policy.Status.PrimaryRegion; (a.Primary == "" || a.Disputed || a.InFlight) && recorded != "" {
		a.Primary = recorded
	}
}

func (m *Memory) forget(spec *v1alpha1.Spec, primary string, generation int64) {
	if m.primary != primary {
		m.Signals, m.Incident, m.FailingRounds, m.Lag = nil, time.Time{}, 0, nil
		m.primary = primary
	}
	if m.generation != generation {
		m.FailingRounds = 0
		m.generation = generation
	}
	if len(m.Lag) != len(spec.Regions) {
		m.Lag = make([]aws.LagSample, len(spec.Regions))
	}
}

func (m *Memory) remember(spec *v1alpha1.Spec, name, state, reason string, now time.Time) *Signal {
	var s *Signal
	for i := range m.Signals {
		if m.Signals[i].Name == name {
			s = &m.Signals[i]
		}
	}
	if s == nil {
		m.Signals = append(m.Signals, Signal{Name: name})
		s = &m.Signals[len(m.Signals)-1]
	}
	if state == Passing {
		if s.passes++; s.passes >= spec.Detection.SuccessThreshold {
			s.LastPassed = now
		}
	} else {
		s.passes = 0
	}
	// What was never seen working proves nothing by not working.
	if state == Failing && !s.votes(now) {
		state, reason = Unknown, "NeverObservedPassing"
	}
	if s.State != state {
		s.State, s.Since = state, now
	}
	s.Reason = reason
	return s
}

// freshLag is the newest lag known by region, in the policy's order.
func (m *Memory) freshLag(spec *v1alpha1.Spec, round *Round) []aws.LagSample {
	lag := make([]aws.LagSample, len(spec.Regions))
	for i := range spec.Regions {
		if i < len(round.Regions) {
			lag[i] = round.Regions[i].Lag
		}
	}
	return lag
}

// keepLag: a sample from after the first failing round shows the outage, not the loss.
func (m *Memory) keepLag(lag []aws.LagSample) {
	for i, sample := range lag {
		isBefore := m.Incident.IsZero() || !sample.End.After(m.Incident)
		if isBefore && sample.End.After(m.Lag[i].End) {
			m.Lag[i] = sample
		}
	}
}

func (m *Memory) track(spec *v1alpha1.Spec, a *Assessment) {
	isFailing, isServing := false, false
	for i := range a.Signals {
		s := &a.Signals[i]
		isFailing = isFailing || s.State == Failing
		isServing = isServing || s.State == Passing && (s.Name == Endpoint || s.Name == HTTP)
	}
	switch {
	case isServing:
		m.Incident = time.Time{}
	case isFailing && m.Incident.IsZero():
		m.Incident = a.Round.Started
	}
}

func listed(spec *v1alpha1.Spec) []string {
	names := make([]string, 0, len(vantages))
	s := &spec.Detection.Signals
	for _, each := range []struct {
		name string
		has  bool
	}{{ControlPlane, s.ControlPlane != nil}, {Endpoint, s.Endpoint != nil}, {Replication, s.Replication != nil}, {HTTP, s.HTTP != nil}} {
		if each.has {
			names = append(names, each.name)
		}
	}
	return names
}

func read(name string, spec *v1alpha1.Spec, a *Assessment, lag []aws.LagSample, survivor bool) (state, reason string) {
	round := a.Round
	switch name {
	case ControlPlane:
		return readControlPlane(regionOf(spec, round, a.Primary), survivor)
	case Endpoint:
		if round.Probed == "" || round.Probed != a.Primary {
			return Unknown, "NotObserved"
		}
		if round.Endpoint == aws.Answered {
			return Passing, "Accepts"
		}
		return withoutAnswer(round.Endpoint, survivor)
	case Replication:
		return readReplication(spec, a, lag)
	default:
		return readWitness(round.Witness)
	}
}

func readControlPlane(r *RegionReading, survivor bool) (state, reason string) {
	switch {
	case r == nil:
		return Unknown, "NoPrimary"
	case r.Cluster == nil:
		if r.Clusters == aws.NoAnswer && (r.Globals == aws.Answered || r.Globals == aws.Rejected) {
			return Unknown, "PartialAnswer"
		}
		return withoutAnswer(r.Clusters, survivor)
	case r.Cluster.Status == "available":
		return Passing, "Available"
	case isTerminal(r.Cluster.Status):
		return Failing, "TerminalStatus"
	}
	return Unknown, "StatusNotAvailable"
}

func readReplication(spec *v1alpha1.Spec, a *Assessment, lag []aws.LagSample) (state, reason string) {
	maximum := spec.Detection.Signals.Replication.MaximumAge.Duration
	now := a.Round.Completed
	isStarved := false
	for i, region := range spec.Regions {
		if region.Name == a.Primary || a.Round.Regions[i].LagAttempt != aws.Answered {
			continue
		}
		if now.Sub(lag[i].End) <= maximum {
			return Passing, "SecondaryReceives"
		}
		// CloudWatch itself may be late: then the missing sample says nothing.
		isStarved = isStarved || now.Sub(lag[i].ControlEnd) <= maximum
	}
	if isStarved {
		return Failing, "NoSecondaryReceives"
	}
	return Unknown, "SourceSilent"
}

func readWitness(code int) (state, reason string) {
	switch {
	case code >= 200 && code < 300:
		return Passing, "WitnessSeesPrimary"
	case code == 503:
		return Failing, "WitnessSeesLoss"
	}
	return Unknown, "Unreachable"
}

func withoutAnswer(attempt aws.Attempt, survivor bool) (state, reason string) {
	switch {
	case attempt == aws.NoAnswer && survivor:
		return Failing, "NoAnswer"
	case attempt == aws.NoAnswer:
		// No other region answers either: this process may be the one that is cut off.
		return Unknown, "SelfIsolated"
	case attempt == aws.Rejected:
		return Unknown, "Rejected"
	case attempt == aws.Answered:
		return Unknown, "ClusterNotFound"
	}
	return Unknown, "LocalTrouble"
}

// quorums tells whether a quorum is Failing, and whether one could be.
func quorums(spec *v1alpha1.Spec, signals []Signal, now time.Time) (failing, possible bool) {
	isQuorum := func(counts func(*Signal) bool) bool {
		n, from := 0, map[string]bool{}
		for i := range signals {
			if counts(&signals[i]) {
				n++
				from[vantages[signals[i].Name]] = true
			}
		}
		return n >= spec.Detection.Quorum && len(from) >= 2
	}
	return isQuorum(func(s *Signal) bool { return s.State == Failing }), isQuorum(func(s *Signal) bool { return s.votes(now) })
}

// primaryHolds: while RDS of the primary's region answers, the loss is Aurora's own to recover in place.
func primaryHolds(spec *v1alpha1.Spec, round *Round, primary string) bool {
	r := regionOf(spec, round, primary)
	return r != nil && r.alive() && (r.Cluster == nil || !isTerminal(r.Cluster.Status))
}

// vetoes: evidence that the primary serves, newer than the incident, outweighs any quorum.
func vetoes(spec *v1alpha1.Spec, a *Assessment, lag []aws.LagSample) bool {
	for _, s := range a.Signals {
		if s.State != Passing {
			continue
		}
		if s.Name == HTTP || s.Name == Endpoint {
			return true
		}
		if s.Name != Replication || a.Incident.IsZero() {
			continue
		}
		for i, region := range spec.Regions {
			if region.Name != a.Primary && lag[i].Evidence().After(a.Incident) {
				return true
			}
		}
	}
	return false
}

func (a *Assessment) candidates(spec *v1alpha1.Spec, m *Memory) {
	version := ""
	if r := regionOf(spec, a.Round, a.Primary); r != nil && r.Cluster != nil {
		version = r.Cluster.EngineVersion
	}
	at := a.Incident
	if at.IsZero() {
		at = a.Round.Completed
	}
	a.Candidates = make([]Candidate, 0, len(spec.Regions))
	for i := range spec.Regions {
		region := &spec.Regions[i]
		c := candidate(region, &a.Round.Regions[i], a, version)
		if sample := m.Lag[i]; c.Role == "Secondary" && !sample.End.IsZero() {
			age := max(0, at.Sub(sample.End))
			c.LossKnown = age <= spec.Failover.MaximumLagAge.Duration
			c.LossMilliseconds = int64(sample.Milliseconds)
			if spec.Failover.Estimate == "WorstCase" {
				c.LossMilliseconds += age.Milliseconds()
			}
		}
		c.Excluded = exclusion(spec, region, &c)
		a.Candidates = append(a.Candidates, c)
	}
	for _, wanted := range []string{"Prefer", "Allow"} {
		for i := range a.Candidates {
			c := &a.Candidates[i]
			if a.Target == nil && promotionOf(&spec.Regions[i]) == wanted && c.Unfit == "" && c.Excluded == "" {
				a.Target = c
			}
		}
	}
}

func candidate(region *v1alpha1.Region, r *RegionReading, a *Assessment, version string) Candidate {
	c := Candidate{Region: region.Name, Role: "Missing", Health: Unknown}
	var member *aws.Member
	for j := range a.Round.Regions {
		view := a.Round.Regions[j].Global
		if view == nil {
			continue
		}
		for k := range view.Members {
			if view.Members[k].Region == region.Name && view.Members[k].Cluster == region.ClusterIdentifier {
				member = &view.Members[k]
			}
		}
	}
	if member != nil {
		c.Role, c.ARN = "Secondary", member.ARN
	}
	if region.Name == a.Primary {
		c.Role = "Primary"
	}
	switch {
	case r.Cluster != nil && r.Cluster.Status == "available":
		c.Health = "Healthy"
	case r.Cluster != nil || r.Clusters == aws.NoAnswer || r.Clusters == aws.Answered:
		c.Health = "Unhealthy"
	}
	c.Unfit = unfitness(&c, member, r, version)
	return c
}

func unfitness(c *Candidate, member *aws.Member, r *RegionReading, version string) string {
	switch {
	case c.Role == "Primary":
		return "IsPrimary"
	case r.Cluster == nil && r.Clusters == aws.Answered:
		return "ClusterNotFound"
	case r.Cluster == nil || !r.answered():
		return "NotObserved"
	case r.Cluster.Status != "available":
		return "NotAvailable"
	case r.Cluster.Instances == 0:
		return "NoInstance"
	case member == nil:
		return "NotAMember"
	case member.Sync != "connected":
		return "NotConnected"
	case version != "" && r.Cluster.EngineVersion != version:
		return "EngineVersionDiffers"
	}
	return ""
}

func exclusion(spec *v1alpha1.Spec, region *v1alpha1.Region, c *Candidate) string {
	switch {
	case promotionOf(region) == "Never":
		return "PromotionNever"
	case spec.Failover.DataLoss == "Forbid":
		return "DataLossForbidden"
	case !c.LossKnown:
		return "LagUnknown"
	case spec.Failover.DataLoss != "Allow" && c.LossMilliseconds > spec.Objectives.RecoveryPoint.Milliseconds():
		return "LagAboveRecoveryPoint"
	}
	return ""
}

// Force judges a request of a person. It gives the operation's type and target, or why it is refused.
func (a *Assessment) Force(region, forceType string, acceptsLoss bool) (kind string, target *Candidate, refusal string) {
	if a.Primary == "" {
		return "", nil, "NoPrimary"
	}
	if a.InFlight {
		return "", nil, "OperationInFlight"
	}
	switch forceType {
	case "", "Auto":
		if kind = a.automaticType(); kind == "" {
			return "", nil, "Undecided"
		}
	case v1alpha1.TypeFailover, v1alpha1.TypeSwitchover:
		kind = forceType
	default:
		return "", nil, "InvalidForceType"
	}
	if kind == v1alpha1.TypeFailover && !acceptsLoss {
		return "", nil, "DataLossNotAccepted"
	}
	for i := range a.Candidates {
		c := &a.Candidates[i]
		if c.Region == region || region == "any" && c.Unfit == "" && c.Excluded != "PromotionNever" {
			target = c
			break
		}
	}
	switch {
	case target == nil && region == "any":
		return "", nil, "NoCandidate"
	case target == nil:
		return "", nil, "UnknownRegion"
	case target.Role == "Primary":
		return "", nil, "AlreadyPrimary"
	case target.Unfit != "":
		return "", nil, "TargetNotPromotable"
	}
	return kind, target, ""
}

func (a *Assessment) automaticType() string {
	all, any := true, false
	for _, s := range a.Signals {
		if vantages[s.Name] == "direct" {
			any = true
			all = all && s.State == Passing
		}
	}
	switch {
	case any && all:
		return v1alpha1.TypeSwitchover
	case a.Quorum:
		return v1alpha1.TypeFailover
	}
	return ""
}

func survivorAnswered(spec *v1alpha1.Spec, round *Round, primary string) bool {
	for i, region := range spec.Regions {
		if region.Name != primary && round.Regions[i].answered() {
			return true
		}
	}
	return false
}

func regionOf(spec *v1alpha1.Spec, round *Round, name string) *RegionReading {
	for i := range spec.Regions {
		if spec.Regions[i].Name == name && i < len(round.Regions) {
			return &round.Regions[i]
		}
	}
	return nil
}

// Vantage of a signal.
func Vantage(name string) string { return vantages[name] }

func promotionOf(region *v1alpha1.Region) string {
	if region.Promotion == "" {
		return "Allow"
	}
	return region.Promotion
}

func isTerminal(status string) bool {
	return status == "failed" || status == "inaccessible-encryption-credentials"
}

// Milliseconds as status shows a lag.
func Milliseconds(value int64) string { return fmt.Sprintf("%dms", value) }
