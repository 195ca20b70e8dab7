{{/* HAProxy before the node's door. It asks for a certificate of the node's CA, and tells the gateway which one came. */}}
{{- define "portal.nodeDoor.config" -}}
global
  log stdout format raw local0 info
  maxconn 2000
  hard-stop-after 30s
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
  mode http
  log global
  option httplog
  option http-keep-alive
  timeout connect 3s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 30s

frontend node
  bind :8443 ssl crt /tls/server/tls.crt ca-file /tls/clients/ca.crt verify required alpn http/1.1
  http-request deny deny_status 404 unless { path /pagopa/pa-for-node } || { path_beg /pagopa/payment-options/ }
  # RFC 9440: the gateway compares the fingerprint. What came from outside under these names is overwritten.
  http-request set-header Client-Cert ":%[ssl_c_der,base64]:"
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  default_backend gateway

backend gateway
  # An answer lost on the way is asked for again by the node, never by us.
  retries 2
  retry-on conn-failure
  server gateway {{ include "portal.name" (list . "node") }}:8080

frontend health
  bind :8405
  http-request use-service prometheus-exporter if { path /metrics }
  monitor-uri /live
{{- end }}
