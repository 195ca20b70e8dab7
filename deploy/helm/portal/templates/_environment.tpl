{{/* Environment of a process or job. Takes (list root process), process having service, reads, audience, broker. */}}
{{- define "portal.environment" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
- {name: PUBLIC_URL, value: {{ $root.Values.publicUrl | quote }}}
{{- range $variable, $value := $root.Values.settings.all }}
- {name: {{ $variable }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- if has (get $process "kind" | default "") (without (keys $root.Values.kinds) "http" "relay") }}
- {name: MAX_WORKERS, value: {{ $root.Values.maxWorkers | quote }}}
- {name: STOP_GRACE_S, value: {{ $root.Values.stopGraceSeconds | quote }}}
{{- end }}
{{- if has (get $process "kind" | default "") (without (keys $root.Values.kinds) "http") }}
- {name: METRICS_PORT, value: {{ $root.Values.metricsPort | quote }}}
{{- end }}
{{- if $process.broker }}
{{ include "portal.environment.broker" (list $root $process) }}
{{- end }}
{{- with $process.service }}
{{ include "portal.environment.database" (list $root $process) }}
{{- end }}
{{- with $process.audience }}
{{ include "portal.environment.door" (list $root .) }}
{{- end }}
{{- range $process.reads }}
{{- range $variable, $value := (get $root.Values.settings . | default dict) }}
- {name: {{ $variable }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- range $variable, $reference := (get $root.Values.references . | default dict) }}
{{ include "portal.environment.reference" (list $variable $reference) }}
{{- end }}
{{- end }}
{{- end }}

{{/* AMQP_URL: the process's own user over TLS, or the whole address of a broker outside. Takes (list root process). */}}
{{- define "portal.environment.broker" -}}
{{- $root := index . 0 -}}
{{- $values := $root.Values.rabbitmq -}}
{{- if $values.inCluster -}}
{{- $user := include "portal.brokerUser" (index . 1) -}}
- {name: AMQP_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $values.usersSecret }}, key: {{ $user }}}}}
- {name: AMQP_URL, value: "amqps://{{ $user }}@{{ include "portal.rabbitmqHost" $root }}:5671//"}
- {name: AMQP_CA_FILE, value: /rabbitmq-ca/ca.crt}
{{- else -}}
- {name: AMQP_URL, valueFrom: {secretKeyRef: {name: {{ $values.outside.secret }}, key: {{ $values.outside.key }}}}}
{{- end -}}
{{- end }}

{{/* <SERVICE>_DATABASE_URL. Takes (list root process). */}}
{{- define "portal.environment.database" -}}
{{- $root := index . 0 -}}
{{- $service := (index . 1).service -}}
{{- $variable := printf "%s_DATABASE_URL" (upper $service) -}}
{{- if $root.Values.postgres.inCluster -}}
{{- $secret := include "portal.roleSecret" (list $root (include "portal.databaseRole" (index . 1))) -}}
{{- $host := printf "%s-rw" (include "portal.postgres" $root) -}}
- {name: DATABASE_USER, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: username}}}
- {name: DATABASE_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $secret }}, key: password}}}
- {name: {{ $variable }}, value: "postgresql://$(DATABASE_USER):$(DATABASE_PASSWORD)@{{ $host }}:5432/portal_{{ $service }}?sslmode=verify-full&sslrootcert=/postgres-ca/ca.crt"}
{{- else -}}
- {name: {{ $variable }}, valueFrom: {secretKeyRef: {name: {{ $root.Values.postgres.outside.secret }}, key: {{ $service }}}}}
{{- end -}}
{{- end }}

{{/* Who may knock at the node's door. People's pods let nobody: a browser could write Client-Cert itself. */}}
{{- define "portal.environment.door" -}}
{{- $values := (index . 0).Values -}}
- {name: TRUSTED_PROXIES, value: {{ join "," $values.network.proxies | quote }}}
{{/* Prometheus is a pod: who comes through a proxy is judged by the address it came from. */ -}}
- {name: METRICS_ALLOWED_NETWORKS, value: {{ join "," $values.network.proxies | quote }}}
{{ if eq (index . 1) "node" -}}
- {name: NODE_ALLOWED_NETWORKS, value: {{ join "," $values.node.allowedNetworks | quote }}}
- {name: NODE_CLIENT_CERTIFICATES, value: {{ join "," $values.node.clientCertificates | quote }}}
{{- else -}}
- {name: NODE_ALLOWED_NETWORKS, value: "127.0.0.1/32"}
{{- end -}}
{{- end }}

{{/* A variable whose value stands elsewhere. Takes (list variable reference). */}}
{{- define "portal.environment.reference" -}}
{{- $reference := index . 1 -}}
{{- $source := get $reference "secret" | default (get $reference "configMap") -}}
{{- if eq $reference.as "folder" -}}
- {name: {{ index . 0 }}, value: /references/{{ $source }}}
{{- else if eq $reference.as "file" -}}
{{- $paths := list -}}
{{- range $reference.keys -}}
{{- $paths = append $paths (printf "/references/%s/%s" $source .) -}}
{{- end -}}
- {name: {{ index . 0 }}, value: {{ join "," $paths | quote }}}
{{- else -}}
- {name: {{ index . 0 }}, valueFrom: {secretKeyRef: {name: {{ $source }}, key: {{ first $reference.keys }}}}}
{{- end -}}
{{- end }}

{{/* Secrets and ConfigMaps whose files a process reads: JSON, name to kind. Takes (list root process). */}}
{{- define "portal.files" -}}
{{- $root := index . 0 -}}
{{- $files := dict -}}
{{- range (index . 1).reads -}}
{{- range (get $root.Values.references . | default dict) -}}
{{- if ne .as "value" -}}
{{- $_ := set $files (get . "secret" | default (get . "configMap")) (ternary "secret" "configMap" (hasKey . "secret")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ toJson $files }}
{{- end }}
