package decide_test

import (
	"encoding/json"
	"testing"
	"time"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
	"aurora-dr.io/bench/go-controller/internal/aws"
	"aurora-dr.io/bench/go-controller/internal/decide"
)

const manifest = `{
  "spec": {
    "globalClusterIdentifier": "g",
    "regions": [{"name": "east", "clusterIdentifier": "c"}, {"name": "west", "clusterIdentifier": "c", "promotion": "Allow"}],
    "objectives": {"recoveryPoint": "1s"},
    "detection": {"interval": "10s", "timeout": "3s", "failureThreshold": 3, "successThreshold": 2, "quorum": 2,
      "signals": {"controlPlane": {}, "endpoint": {}, "replication": {"maximumAge": "6m"}, "http": {"url": "http://w"}}},
    "failover": {"dataLoss": "WithinRecoveryPoint", "maximumLagAge": "6m", "cooldown": "30m", "timeout": "15m"}
  }
}`

// incident plays rounds of one policy, ten seconds apart.
type incident struct {
	policy v1alpha1.DisasterRecoveryPolicy
	memory *decide.Memory
	now    time.Time
	last   *decide.Assessment
}

func begin(t *testing.T) *incident {
	t.Helper()
	i := &incident{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := json.Unmarshal([]byte(manifest), &i.policy); err != nil {
		t.Fatal(err)
	}
	i.policy.Status.PrimaryRegion = "east"
	i.memory = decide.Restore(&i.policy)
	return i
}

func (i *incident) healthy() decide.Round {
	view := func() *aws.GlobalCluster {
		return &aws.GlobalCluster{ID: "g", Members: []aws.Member{
			{ARN: "arn:e", Region: "east", Cluster: "c", Sync: "connected", Writer: true},
			{ARN: "arn:w", Region: "west", Cluster: "c", Sync: "connected"},
		}}
	}
	cluster := &aws.Cluster{ID: "c", Status: "available", EngineVersion: "8", Instances: 1}
	return decide.Round{
		Started: i.now, Completed: i.now.Add(time.Second), Endpoint: aws.Answered, Probed: "east", Witness: 200,
		Regions: []decide.RegionReading{
			{Globals: aws.Answered, Clusters: aws.Answered, Global: view(), Cluster: cluster},
			{Globals: aws.Answered, Clusters: aws.Answered, Global: view(), Cluster: cluster, LagAttempt: aws.Answered,
				Lag: aws.LagSample{Start: i.now.Add(-time.Minute), End: i.now, ControlEnd: i.now, Milliseconds: 120}},
		},
	}
}

// lost is a round in which the east answers nothing, since the time given.
func (i *incident) lost(since time.Time) decide.Round {
	round := i.healthy()
	round.Regions[0] = decide.RegionReading{Globals: aws.NoAnswer, Clusters: aws.NoAnswer}
	round.Endpoint, round.Witness = aws.NoAnswer, 503
	round.Regions[1].Lag.End = since
	return round
}

func (i *incident) play(rounds int, round func() decide.Round) {
	for range rounds {
		played := round()
		i.last = decide.Assess(&i.policy, i.memory, &played)
		i.now = i.now.Add(10 * time.Second)
	}
}

func (i *incident) failsOver() bool { return i.last.ShouldFailOver(&i.policy, i.last.Round.Completed) }

func TestLossIsActedOnAfterTheThreshold(t *testing.T) {
	i := begin(t)
	i.play(3, i.healthy)
	if i.last.Target == nil || i.last.Target.Region != "west" || !i.last.CanVote {
		t.Fatalf("a healthy policy has no target: %+v", i.last)
	}
	since := i.now
	i.play(2, func() decide.Round { return i.lost(since) })
	if i.failsOver() {
		t.Fatal("acted before three failing rounds")
	}
	i.play(1, func() decide.Round { return i.lost(since) })
	if !i.failsOver() {
		t.Fatalf("did not act on a loss: %+v", i.last)
	}
}

func TestHolds(t *testing.T) {
	cases := map[string]func(*incident, *decide.Round){
		"no region answers": func(_ *incident, r *decide.Round) {
			r.Regions[1].Globals, r.Regions[1].Clusters, r.Regions[1].Cluster = aws.NoAnswer, aws.NoAnswer, nil
		},
		"the witness sees the primary": func(_ *incident, r *decide.Round) { r.Witness = 200 },
		"RDS of the primary answers":   func(i *incident, r *decide.Round) { r.Regions[0] = i.healthy().Regions[0] },
		"the target is not connected": func(_ *incident, r *decide.Round) {
			r.Regions[1].Global.Members[1].Sync = "pending-resync"
		},
		"the lag was too long":  func(i *incident, _ *decide.Round) { i.memory.Lag[1].Milliseconds = 5000 },
		"a cooldown is active":  nil,
		"automation is not on":  nil,
		"it is suspended":       nil,
		"a role change is seen": func(_ *incident, r *decide.Round) { r.Regions[1].Global.InFlight = true },
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			i := begin(t)
			i.play(3, i.healthy)
			since := i.now
			switch name {
			case "a cooldown is active":
				until := v1alpha1.NewTime(i.now.Add(time.Hour))
				i.policy.Status.CooldownUntil = &until
			case "it is suspended":
				i.policy.Spec.Suspend = true
			case "automation is not on":
				i.policy.Spec.Failover.Mode = "Manual"
			}
			i.play(5, func() decide.Round {
				round := i.lost(since)
				if spoil != nil {
					spoil(i, &round)
				}
				return round
			})
			if i.failsOver() {
				t.Fatalf("acted although %s: %+v", name, i.last)
			}
		})
	}
}

func TestASampleOfTheMinuteOfTheLossIsNoVeto(t *testing.T) {
	i := begin(t)
	i.play(3, i.healthy)
	// The period had begun before the loss, and ends after it.
	sample := aws.LagSample{Start: i.now.Add(-30 * time.Second), End: i.now.Add(30 * time.Second), Milliseconds: 120}
	lost := func() decide.Round {
		round := i.lost(i.now)
		round.Regions[1].Lag = sample
		return round
	}
	i.play(4, lost)
	if !i.failsOver() {
		t.Fatalf("held by a sample from before the loss: %+v", i.last)
	}
	sample.Start, sample.End = i.now, i.now.Add(time.Minute)
	i.play(1, lost)
	if i.failsOver() {
		t.Fatal("acted although a secondary received what was written after the loss")
	}
}

func TestWhatWasNeverSeenWorkingHasNoVote(t *testing.T) {
	i := begin(t)
	since := i.now
	i.play(5, func() decide.Round { return i.lost(since) })
	if i.last.Quorum || i.failsOver() {
		t.Fatalf("signals that never passed made a quorum: %+v", i.last.Signals)
	}
}

func TestForce(t *testing.T) {
	i := begin(t)
	i.play(3, i.healthy)
	for _, c := range []struct {
		region, forceType string
		accepts           bool
		kind, refusal     string
	}{
		{"west", "Failover", true, "Failover", ""},
		{"any", "Failover", true, "Failover", ""},
		{"west", "Auto", false, "Switchover", ""},
		{"west", "Failover", false, "", "DataLossNotAccepted"},
		{"east", "Failover", true, "", "AlreadyPrimary"},
		{"north", "Failover", true, "", "UnknownRegion"},
		{"west", "Now", true, "", "InvalidForceType"},
	} {
		kind, target, refusal := i.last.Force(c.region, c.forceType, c.accepts)
		if kind != c.kind || refusal != c.refusal || (target == nil) != (c.refusal != "") {
			t.Errorf("%+v: got %q, %+v, %q", c, kind, target, refusal)
		}
	}
}
