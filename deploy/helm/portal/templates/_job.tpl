{{/* The pod of a job. Takes (list root process), process having command, image, service, reads, volumes. */}}
{{- define "portal.jobPod" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
metadata:
  labels:
    {{- include "portal.labels" (list $root $process.name) | nindent 4 }}
    {{- if $process.broker }}
    portal/broker: "yes"
    {{- end }}
    portal/database: {{ $process.service }}
spec:
  {{- include "portal.pod" $root | nindent 2 }}
  restartPolicy: Never
  containers:
    - name: job
      image: {{ include "portal.image" (list $root $process.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: {{ include "portal.command" (list $process.command $process) }}
      env:
        {{- include "portal.environment" (list $root $process) | nindent 8 }}
      resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: "1", memory: 512Mi}}
      securityContext:
        {{- include "portal.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        {{- include "portal.mounts" (list $root $process) | nindent 8 }}
        {{- with $process.configMap }}
        - {name: given, mountPath: /given, readOnly: true}
        {{- end }}
  volumes:
    {{- include "portal.volumes" (list $root $process) | nindent 4 }}
    {{- with $process.configMap }}
    - {name: given, configMap: {name: {{ . }}}}
    {{- end }}
{{- end }}
