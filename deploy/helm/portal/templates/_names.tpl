{{/* Name of an object: what the release is called, then what it is. Takes (list root name). */}}
{{- define "portal.name" -}}
{{ printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select the pods of one process. Takes (list root name). */}}
{{- define "portal.selector" -}}
app.kubernetes.io/name: portal
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* All labels of an object. Takes (list root name). */}}
{{- define "portal.labels" -}}
{{ include "portal.selector" . }}
app.kubernetes.io/part-of: portal
app.kubernetes.io/version: {{ include "portal.version" (index . 0) | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end }}

{{- define "portal.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Address of an image of ours. Takes (list root image). */}}
{{- define "portal.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := printf "%s/portal-%s" $root.Values.image.registry $image -}}
{{- with get $root.Values.image.digests $image -}}
{{ printf "%s@%s" $name . }}
{{- else -}}
{{ printf "%s:%s" $name (include "portal.version" $root) }}
{{- end -}}
{{- end }}

{{- define "portal.publicHost" -}}
{{ (urlParse .Values.publicUrl).host }}
{{- end }}

{{- define "portal.rabbitmq" -}}
{{ include "portal.name" (list . "rabbitmq") }}
{{- end }}

{{- define "portal.postgres" -}}
{{ include "portal.name" (list . "postgres") }}
{{- end }}

{{/* Name of the Secret with a service's role and password, type kubernetes.io/basic-auth. Takes (list root service). */}}
{{- define "portal.roleSecret" -}}
{{ include "portal.name" (list (index . 0) (printf "postgres-%s" (index . 1))) }}
{{- end }}

{{/* Which of a service's roles a process has: its own, its relay's, or as a job of the deploy the database's owner. */}}
{{- define "portal.databaseRole" -}}
{{- $kind := get . "kind" | default "" -}}
{{- if .owner -}}
{{ .service }}
{{- else -}}
{{ printf "%s-%s" .service (ternary "relay" "service" (eq $kind "relay")) }}
{{- end -}}
{{- end }}

{{/* Which user of the broker a process is: chassis/messaging/broker_users.py. */}}
{{- define "portal.brokerUser" -}}
{{- $kind := get . "kind" | default "" -}}
{{- if eq $kind "http" -}}
{{ ternary "node" "gateway" (eq .audience "node") }}
{{- else if eq $kind "entity-router" -}}
entity-router
{{- else -}}
{{ ternary (printf "%s-relay" .service) .service (eq $kind "relay") }}
{{- end -}}
{{- end }}

{{- define "portal.rabbitmqHost" -}}
{{ include "portal.rabbitmq" . }}.{{ .Release.Namespace }}.svc
{{- end }}

{{/* A command with its {placeholders} filled, as JSON. Takes (list command process). */}}
{{- define "portal.command" -}}
{{- $process := index . 1 -}}
{{- $words := list -}}
{{- range index . 0 -}}
{{- $word := . | replace "{service}" (get $process "service" | default "") | replace "{application}" (get $process "application" | default "") -}}
{{- $words = append $words ($word | replace "{entity}" (get $process "entity" | default "")) -}}
{{- end -}}
{{ toJson $words }}
{{- end }}

{{/* How long a pod may take to end: STOP_GRACE_S, before it the pause of preStop, and a margin. */}}
{{- define "portal.terminationGrace" -}}
{{ add .Values.stopGraceSeconds 20 }}
{{- end }}

{{/* Most connections the processes may hold at once: the pool and its overflow, times the most replicas.
     A rollout has one pod more of each; a relay has a pool of two and its overflow. */}}
{{- define "portal.connections" -}}
{{- $sum := 0 -}}
{{- range $name, $process := .Values.processes -}}
{{- if $process.service -}}
{{- $most := $process.replicas | int -}}
{{- if and $.Values.scaling.enabled $process.scaling -}}
{{- $most = $process.scaling.ceiling | int -}}
{{- end -}}
{{- $pool := ternary 2 (int $.Values.maxWorkers) (eq $process.kind "relay") -}}
{{- $sum = add $sum (mul (add $most 1) (add $pool 5)) -}}
{{- end -}}
{{- end -}}
{{ $sum }}
{{- end }}
