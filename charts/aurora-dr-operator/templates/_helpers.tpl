{{- define "aurora-dr-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 45 characters, so that every suffix fits into a name of 63. */}}
{{- define "aurora-dr-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" }}
{{- else }}
{{- $name := include "aurora-dr-operator.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 45 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "aurora-dr-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "aurora-dr-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "aurora-dr-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "aurora-dr-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: aurora-dr
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "aurora-dr-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "aurora-dr-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "cannot choose the ServiceAccount: serviceAccount.create is false and serviceAccount.name is empty; name one" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "aurora-dr-operator.image" -}}
{{- $repository := required "cannot choose the image: image.repository is empty; build the image from the Dockerfile, push it, and name it" .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "aurora-dr-operator.subject" -}}
kind: ServiceAccount
name: {{ include "aurora-dr-operator.serviceAccountName" . }}
namespace: {{ .Release.Namespace }}
{{- end }}
