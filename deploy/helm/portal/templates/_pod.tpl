{{/* What every pod of ours has in common. */}}
{{- define "portal.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "portal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Replicas stand on different machines and in different zones. Takes (list root name). */}}
{{- define "portal.spread" -}}
{{- $root := index . 0 }}
{{- range $key, $when := dict "topology.kubernetes.io/zone" $root.Values.spread.zones "kubernetes.io/hostname" $root.Values.spread.hosts }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $when }}
  labelSelector:
    matchLabels:
      {{- include "portal.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* Where a container finds its files. Takes (list root process). */}}
{{- define "portal.mounts" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
- {name: tmp, mountPath: /tmp}
{{- if eq (get $process "kind" | default "") "http" }}
- {name: shm, mountPath: /dev/shm}
{{- end }}
{{- if and $process.service $root.Values.postgres.inCluster }}
- {name: postgres-ca, mountPath: /postgres-ca, readOnly: true}
{{- end }}
{{- if and $process.broker $root.Values.rabbitmq.inCluster }}
- {name: rabbitmq-ca, mountPath: /rabbitmq-ca, readOnly: true}
{{- end }}
{{- range $name, $kind := include "portal.files" . | fromJson }}
- {name: {{ $name }}, mountPath: /references/{{ $name }}, readOnly: true}
{{- end }}
{{- range $process.volumes }}
- {name: {{ . }}, mountPath: {{ (get $root.Values.volumes .).mountPath }}, readOnly: {{ hasKey $process "kind" }}}
{{- end }}
{{- end }}

{{/* The volumes of those mounts. Takes (list root process). */}}
{{- define "portal.volumes" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
- {name: tmp, emptyDir: {sizeLimit: 256Mi}}
{{- if eq (get $process "kind" | default "") "http" }}
- {name: shm, emptyDir: {medium: Memory, sizeLimit: 16Mi}}
{{- end }}
{{- if and $process.service $root.Values.postgres.inCluster }}
- name: postgres-ca
  secret:
    secretName: {{ include "portal.postgres" $root }}-ca
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- if and $process.broker $root.Values.rabbitmq.inCluster }}
- name: rabbitmq-ca
  secret:
    secretName: {{ $root.Values.rabbitmq.tlsSecret }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- range $name, $kind := include "portal.files" . | fromJson }}
{{- if eq $kind "secret" }}
- {name: {{ $name }}, secret: {secretName: {{ $name }}, defaultMode: 0440}}
{{- else }}
- {name: {{ $name }}, configMap: {name: {{ $name }}}}
{{- end }}
{{- end }}
{{- range $process.volumes }}
- {name: {{ . }}, persistentVolumeClaim: {claimName: {{ include "portal.name" (list $root .) }}}}
{{- end }}
{{- end }}
