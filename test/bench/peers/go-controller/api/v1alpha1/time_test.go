package v1alpha1_test

import (
	"encoding/json"
	"testing"
	"time"

	"aurora-dr.io/bench/go-controller/api/v1alpha1"
)

func TestTimeIsReadWithAnyFraction(t *testing.T) {
	for text, want := range map[string]time.Time{
		`"2026-12-01T00:36:00Z"`:          time.Date(2026, 12, 1, 0, 36, 0, 0, time.UTC),
		`"2026-12-01T00:36:00.250Z"`:      time.Date(2026, 12, 1, 0, 36, 0, 250_000_000, time.UTC),
		`"2026-12-01T00:36:00.250001Z"`:   time.Date(2026, 12, 1, 0, 36, 0, 250_001_000, time.UTC),
		`"2026-12-01T02:36:00.250+02:00"`: time.Date(2026, 12, 1, 0, 36, 0, 250_000_000, time.UTC),
		`null`:                            {},
	} {
		var got v1alpha1.Time
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is read as %v (%v), want %v", text, got, err, want)
		}
	}
}

func TestTimeIsWrittenWithMilliseconds(t *testing.T) {
	at := v1alpha1.NewTime(time.Date(2026, 12, 1, 2, 36, 0, 250_001_000, time.FixedZone("CET", 7200)))
	if text, err := json.Marshal(at); err != nil || string(text) != `"2026-12-01T00:36:00.250Z"` {
		t.Errorf("it is written as %s (%v)", text, err)
	}
}
