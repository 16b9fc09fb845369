package v1alpha1

import (
	"encoding/json"
	"time"
)

// Time is an instant as the policies have it: RFC 3339 with milliseconds when written, with any fraction when read.
//
// metav1.Time has whole seconds; metav1.MicroTime refuses what has no microseconds.
// +kubebuilder:validation:Format=date-time
type Time struct {
	time.Time `json:"-"`
}

const layout = "2006-01-02T15:04:05.000Z"

// NewTime gives the instant t.
func NewTime(t time.Time) Time { return Time{t} }

// Now gives this very instant.
func Now() Time { return Time{time.Now()} }

// DeepCopyInto copies t. A time.Time has nothing that is shared.
func (t *Time) DeepCopyInto(out *Time) { *out = *t }

// DeepCopy gives a copy of t.
func (t *Time) DeepCopy() *Time {
	if t == nil {
		return nil
	}
	out := *t
	return &out
}

// MarshalJSON writes it; null where it is zero.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(layout))
}

// UnmarshalJSON reads it.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	if text == nil {
		*t = Time{}
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil {
		return err
	}
	*t = Time{parsed}
	return nil
}
