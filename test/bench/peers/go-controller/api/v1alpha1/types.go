// Package v1alpha1 has the part of the DisasterRecoveryPolicy API that this controller reads and writes. The CRD of the
// repository stays the one definition: it validates and defaults what is decoded here.
//
// +kubebuilder:object:generate=true
// +groupName=aurora-dr.io
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of the API.
var GroupVersion = schema.GroupVersion{Group: "aurora-dr.io", Version: "v1alpha1"}

// AddToScheme registers the kinds of this package.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &DisasterRecoveryPolicy{}, &DisasterRecoveryPolicyList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// Annotations by which people ask for something.
const (
	ForceFailover  = "aurora-dr.io/force-failover"
	ForceType      = "aurora-dr.io/force-type"
	AcceptDataLoss = "aurora-dr.io/accept-data-loss"
)

// Phases.
const (
	PhaseProtected     = "Protected"
	PhaseSuspect       = "Suspect"
	PhaseFailingOver   = "FailingOver"
	PhaseSwitchingOver = "SwitchingOver"
	PhaseUnprotected   = "Unprotected"
	PhaseSuspended     = "Suspended"
)

// Operation types.
const (
	TypeFailover   = "Failover"
	TypeSwitchover = "Switchover"
)

// Steps of an operation.
const (
	// StepAccepted: registered, and AWS has not taken the call yet.
	StepAccepted = "Accepted"
	// StepRequested: AWS has taken the call.
	StepRequested = "Requested"
	// StepUnconfirmed: the call was made and its answer does not say whether it was taken.
	StepUnconfirmed = "Unconfirmed"
)

// DisasterRecoveryPolicy says how the loss of an Aurora global database's primary region is handled.
//
// +kubebuilder:object:root=true
type DisasterRecoveryPolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   Spec   `json:"spec"`
	Status Status `json:"status,omitempty"`
}

// DisasterRecoveryPolicyList is a list of policies.
//
// +kubebuilder:object:root=true
type DisasterRecoveryPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []DisasterRecoveryPolicy `json:"items"`
}

// Spec is what a user asks for. The CRD's defaults have been applied to it.
type Spec struct {
	GlobalClusterIdentifier string     `json:"globalClusterIdentifier"`
	Regions                 []Region   `json:"regions"`
	AWS                     *AWS       `json:"aws,omitempty"`
	Objectives              Objectives `json:"objectives"`
	Detection               Detection  `json:"detection"`
	Failover                Failover   `json:"failover"`
	Suspend                 bool       `json:"suspend,omitempty"`
}

// AWS is the access to the account of the global cluster.
type AWS struct {
	RoleARN string `json:"roleArn"`
}

type Region struct {
	Name              string `json:"name"`
	ClusterIdentifier string `json:"clusterIdentifier"`
	Promotion         string `json:"promotion,omitempty"`
}

type Objectives struct {
	RecoveryPoint metav1.Duration `json:"recoveryPoint"`
}

type Detection struct {
	Interval         metav1.Duration `json:"interval"`
	Timeout          metav1.Duration `json:"timeout"`
	FailureThreshold int             `json:"failureThreshold"`
	SuccessThreshold int             `json:"successThreshold"`
	Quorum           int             `json:"quorum"`
	Signals          Signals         `json:"signals"`
}

type Signals struct {
	ControlPlane *Listed      `json:"controlPlane,omitempty"`
	Endpoint     *Listed      `json:"endpoint,omitempty"`
	Replication  *Replication `json:"replication,omitempty"`
	HTTP         *HTTP        `json:"http,omitempty"`
}

// Listed is a signal without settings of which this controller knows: that it is there is all.
type Listed struct{}

type Replication struct {
	MaximumAge metav1.Duration `json:"maximumAge"`
}

type HTTP struct {
	URL string `json:"url"`
}

type Failover struct {
	Mode          string          `json:"mode,omitempty"`
	DataLoss      string          `json:"dataLoss,omitempty"`
	Estimate      string          `json:"estimate,omitempty"`
	MaximumLagAge metav1.Duration `json:"maximumLagAge"`
	Cooldown      metav1.Duration `json:"cooldown"`
	Timeout       metav1.Duration `json:"timeout"`
	Priority      int             `json:"priority,omitempty"`
}

// Status is what was observed and done.
type Status struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Phase              string             `json:"phase,omitempty"`
	PrimaryRegion      string             `json:"primaryRegion,omitempty"`
	WriterEndpoint     string             `json:"writerEndpoint,omitempty"`
	Lag                string             `json:"lag,omitempty"`
	Regions            []RegionStatus     `json:"regions,omitempty"`
	Signals            []SignalStatus     `json:"signals,omitempty"`
	Incident           *Incident          `json:"incident,omitempty"`
	Operation          *Operation         `json:"operation,omitempty"`
	LastRequest        *LastRequest       `json:"lastRequest,omitempty"`
	CooldownUntil      *Time              `json:"cooldownUntil,omitempty"`
	History            []HistoryEntry     `json:"history,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type RegionStatus struct {
	Name                       string `json:"name"`
	ClusterIdentifier          string `json:"clusterIdentifier"`
	ClusterARN                 string `json:"clusterArn,omitempty"`
	Endpoint                   string `json:"endpoint,omitempty"`
	Port                       int32  `json:"port,omitempty"`
	Role                       string `json:"role"`
	Health                     string `json:"health"`
	EngineVersion              string `json:"engineVersion,omitempty"`
	ClusterStatus              string `json:"clusterStatus,omitempty"`
	SynchronizationStatus      string `json:"synchronizationStatus,omitempty"`
	ReplicationLagMilliseconds *int64 `json:"replicationLagMilliseconds,omitempty"`
	LagSampleTime              *Time  `json:"lagSampleTime,omitempty"`
	Promotable                 bool   `json:"promotable"`
	Reason                     string `json:"reason,omitempty"`
}

type SignalStatus struct {
	Name       string `json:"name"`
	Vantage    string `json:"vantage"`
	State      string `json:"state"`
	Since      Time   `json:"since"`
	LastPassed *Time  `json:"lastPassed,omitempty"`
	Primary    string `json:"primary,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Message    string `json:"message,omitempty"`
}

type Incident struct {
	StartedAt Time `json:"startedAt"`
}

type Operation struct {
	ID               string `json:"id"`
	Type             string `json:"type"`
	Trigger          string `json:"trigger"`
	From             string `json:"from"`
	To               string `json:"to"`
	TargetClusterARN string `json:"targetClusterArn,omitempty"`
	Step             string `json:"step"`
	DataLossAllowed  bool   `json:"dataLossAllowed"`
	DetectedAt       Time   `json:"detectedAt"`
	StartedAt        Time   `json:"startedAt"`
	CalledAt         *Time  `json:"calledAt,omitempty"`
	EstimatedLoss    *int64 `json:"estimatedDataLossMilliseconds,omitempty"`
	Attempts         int32  `json:"attempts"`
	Fence            string `json:"fence"`
	RequestID        string `json:"requestId,omitempty"`
	AcceptedBy       string `json:"acceptedBy,omitempty"`
	Message          string `json:"message,omitempty"`
}

type LastRequest struct {
	Action         string `json:"action"`
	Value          string `json:"value,omitempty"`
	ForceType      string `json:"forceType,omitempty"`
	AcceptDataLoss bool   `json:"acceptDataLoss,omitempty"`
	ObservedAt     Time   `json:"observedAt"`
	Result         string `json:"result"`
	Reason         string `json:"reason,omitempty"`
	Message        string `json:"message,omitempty"`
	OperationID    string `json:"operationId,omitempty"`
}

type HistoryEntry struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	Trigger       string `json:"trigger"`
	From          string `json:"from"`
	To            string `json:"to"`
	Outcome       string `json:"outcome"`
	Reason        string `json:"reason,omitempty"`
	Message       string `json:"message,omitempty"`
	DetectedAt    Time   `json:"detectedAt"`
	StartedAt     Time   `json:"startedAt"`
	CompletedAt   Time   `json:"completedAt"`
	RecoveryTime  *int64 `json:"recoveryTimeMilliseconds,omitempty"`
	EstimatedLoss *int64 `json:"estimatedDataLossMilliseconds,omitempty"`
	RequestID     string `json:"requestId,omitempty"`
}
