{{/*
What the operator does in the namespaces of policies. Each rule is used: the end-to-end tests compare them with what the
API server's audit log says that the operator did.
*/}}
{{- define "aurora-dr-operator.rules" -}}
- apiGroups: [aurora-dr.io]
  resources: [disasterrecoverypolicies]
  verbs: [get, list, watch, patch]
- apiGroups: [aurora-dr.io]
  resources: [disasterrecoverypolicies/status]
  verbs: [update]
- apiGroups: ['']
  resources: [services, configmaps]
  verbs: [get, create, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if .Values.rbac.secrets.enabled }}
- apiGroups: ['']
  resources: [secrets]
  {{- with .Values.rbac.secrets.names }}
  resourceNames: {{- toYaml . | nindent 4 }}
  {{- end }}
  verbs: [get]
{{- end }}
{{- end }}

{{/* Crossplane's managed resources of Aurora: `rds.aws.m.upbound.io` is namespaced, `rds.aws.upbound.io` cluster-scoped. */}}
{{- define "aurora-dr-operator.crossplaneRule" -}}
- apiGroups: [{{ . }}]
  resources: [clusters, clusterinstances, globalclusters]
  verbs: [get, list, patch]
{{- end }}
