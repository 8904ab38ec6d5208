{{/* One Longwire a cluster: its names are fixed, as pins and ports of nodes are. */}}

{{/* The labels of everything. Argument: dict "root" $ "component" name. */}}
{{- define "longwire.labels" -}}
app: longwire-{{ .component }}
app.kubernetes.io/name: longwire
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Values.images.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Those of a pod: what changes with every release would start pods anew that are as before. */}}
{{- define "longwire.podLabels" -}}
app: longwire-{{ .component }}
app.kubernetes.io/name: longwire
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* Registry, name and tag of an image. */}}
{{- define "longwire.imageName" -}}
{{- printf "%s/longwire-%s:%s" .root.Values.images.registry .component (.root.Values.images.tag | default .root.Chart.AppVersion) -}}
{{- end }}

{{/* Image and pull policy of a container. */}}
{{- define "longwire.image" -}}
image: {{ include "longwire.imageName" . }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
{{- end }}

{{- define "longwire.pullSecrets" -}}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* For who needs nothing of the node. */}}
{{- define "longwire.unprivileged" -}}
runAsUser: 65532
runAsGroup: 65532
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* A GET of the kubelet from the probe's health listener. Argument: dict "root" $, "path", "port". */}}
{{- define "longwire.healthGet" -}}
path: {{ .path }}
port: {{ .port }}
{{- $address := .root.Values.probe.healthAddress }}
{{- if not (has $address (list "0.0.0.0" "[::]")) }}
host: {{ trimAll "[]" $address | quote }}
{{- end }}
{{- end }}

{{/* The security context of the probe and of the cleanup pods. */}}
{{- define "longwire.privileged" -}}
privileged: false
# Capabilities that are added are root's alone.
runAsUser: 0
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
seccompProfile: {{- toYaml .Values.probe.seccompProfile | nindent 2 }}
capabilities:
  drop: [ALL]
  # Maps, iterators and pins; tracepoints; conntrack.
  add: [BPF, PERFMON, NET_ADMIN]
{{- end }}

{{/* A file and not a resource: objects of the cluster take precedence over it, and it cannot be deleted by accident. */}}
{{- define "longwire.defaults" -}}
apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {name: defaults, namespace: {{ .Release.Namespace }}}
spec: {{ .Values.defaults | toJson }}
{{- end }}

{{- define "longwire.scrapeAnnotations" -}}
{{- if eq .root.Values.metrics.scrape "annotations" }}
prometheus.io/scrape: "true"
prometheus.io/path: /metrics
prometheus.io/port: {{ .port | quote }}
{{- end }}
{{- end }}
