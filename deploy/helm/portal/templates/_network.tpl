{{/* Pods of a namespace. Takes its name. */}}
{{- define "portal.namespace" -}}
{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . }}}}}
{{- end }}

{{/* An egress rule to networks outside. Takes {networks, port}. */}}
{{- define "portal.egressTo" -}}
- to:
    {{- range .networks }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- end }}

{{/* Where a process or job may go: what it uses and nothing else. Takes (list root process). */}}
{{- define "portal.egress" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
- to: [{{ include "portal.namespace" $root.Values.network.namespaces.dns }}]
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- if $process.broker }}
{{- if $root.Values.rabbitmq.inCluster }}
- to: [{podSelector: {matchLabels: {app.kubernetes.io/name: {{ include "portal.rabbitmq" $root }}}}}]
  ports: [{protocol: TCP, port: 5671}]
{{- else }}
{{ include "portal.egressTo" $root.Values.rabbitmq.outside }}
{{- end }}
{{- end }}
{{- if $process.service }}
{{- if $root.Values.postgres.inCluster }}
- to: [{podSelector: {matchLabels: {cnpg.io/cluster: {{ include "portal.postgres" $root }}}}}]
  ports: [{protocol: TCP, port: 5432}]
{{- else }}
{{ include "portal.egressTo" $root.Values.postgres.outside }}
{{- end }}
{{- end }}
{{- range $process.egress }}
{{ include "portal.egressTo" (get $root.Values.network.egress .) }}
{{- end }}
{{- end }}
