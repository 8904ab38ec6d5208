{{/*
An account for a job of the operator's image, and the job. Argument: dict
"root" $, "component" its name, "hooks" when, "args" the command, "clusterRules" and "rules" what it may, "seconds" its time.
*/}}
{{- define "longwire.hook" -}}
{{- $name := printf "longwire-%s" .component -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $labels := include "longwire.labels" . -}}
{{- /* The account is there before the job, and both go with it, whether it succeeds or fails. */ -}}
{{- $before := printf "helm.sh/hook: %s\nhelm.sh/hook-weight: \"-5\"\nhelm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed" .hooks -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- $before | nindent 4 }}
{{- $account := printf "subjects:\n- {kind: ServiceAccount, name: %s, namespace: %s}" $name $namespace }}
{{- with .clusterRules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- $before | nindent 4 }}
rules:
{{ . | trim }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- $before | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $name }}}
{{ $account }}
{{- end }}
{{- with .rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- $before | nindent 4 }}
rules:
{{ . | trim }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
  annotations: {{- $before | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $name }}}
{{ $account }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $name }}
  namespace: {{ $namespace }}
  labels: {{- $labels | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .hooks }}
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
    helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
spec:
  backoffLimit: 3
  activeDeadlineSeconds: {{ .seconds }}
  # Helm deletes it, unless Helm was killed.
  ttlSecondsAfterFinished: 600
  template:
    metadata:
      labels: {{- include "longwire.podLabels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ $name }}
      {{- include "longwire.pullSecrets" . | nindent 6 }}
      restartPolicy: Never
      nodeSelector: {{- toYaml .root.Values.operator.nodeSelector | nindent 8 }}
      tolerations: {{- toYaml .root.Values.operator.tolerations | nindent 8 }}
      containers:
      - name: {{ .component }}
        {{- include "longwire.image" (dict "root" .root "component" "operator") | nindent 8 }}
        args: {{ .args | toJson }}
        resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 128Mi}}
        securityContext: {{- include "longwire.unprivileged" . | nindent 10 }}
{{- end }}
