{{- define "closeloop.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* What is the same of all that belongs to one service; never changed: selectors cannot be. Of (dict "root" $ "name" service). */}}
{{- define "closeloop.selector" -}}
app.kubernetes.io/name: closeloop
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "closeloop.labels" -}}
{{ include "closeloop.selector" . }}
app.kubernetes.io/part-of: closeloop
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "closeloop.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "closeloop.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "closeloop.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What comes from Secrets: a list of {env, secret, key}. Each is a file, named by <env>_FILE. Of (dict "root" $ "facts" facts). */}}
{{- define "closeloop.files" -}}
{{- $values := .root.Values }}
{{- range $env, $key := .facts.secrets }}
- { env: {{ $env }}, secret: {{ $values.secretName }}, key: {{ $key }} }
{{- end }}
{{- if .facts.database }}
- { env: DATABASE_PASSWORD, secret: {{ $values.postgres.passwordSecret.name | default $values.secretName }}, key: {{ $values.postgres.passwordSecret.key }} }
{{- with $values.postgres.tls.caSecret }}{{ if and $values.postgres.tls.enabled .name }}
- { env: DATABASE_SSL_CA, secret: {{ .name }}, key: {{ .key }} }
{{- end }}{{ end }}
{{- end }}
{{- if .facts.kafka }}
{{- with $values.kafka.tls.caSecret }}{{ if and $values.kafka.tls.enabled .name }}
- { env: KAFKA_SSL_CA, secret: {{ .name }}, key: {{ .key }} }
{{- end }}{{ end }}
{{- with $values.kafka.sasl }}{{ if .mechanism }}
- { env: KAFKA_SASL_USERNAME, secret: {{ required "kafka.sasl.secret.name: names the Secret of the user and password, with kafka.sasl.mechanism" .secret.name }}, key: {{ .secret.usernameKey }} }
- { env: KAFKA_SASL_PASSWORD, secret: {{ .secret.name }}, key: {{ .secret.passwordKey }} }
{{- end }}{{ end }}
{{- end }}
{{- if and .facts.confidential $values.console.confidentialClient }}
- { env: CONSOLE_OIDC_CLIENT_SECRET, secret: {{ $values.secretName }}, key: console-oidc-client-secret }
{{- end }}
{{- if and .facts.mail $values.loop.mail.enabled }}
- { env: SMTP_URL, secret: {{ $values.secretName }}, key: smtp-url }
{{- end }}
{{- end }}

{{/* The environment of a container, without its own variables. Of (dict "root" $ "facts" facts). */}}
{{- define "closeloop.env" -}}
{{- $root := .root }}
{{- $values := .root.Values }}
- { name: NODE_OPTIONS, value: '--disable-warning=TimeoutNegativeWarning --max-semi-space-size={{ .facts.semiSpaceMegabytes }} --max-old-space-size={{ .facts.heapMegabytes }}' }
{{- range include "closeloop.files" . | fromYamlArray }}
- { name: {{ .env }}_FILE, value: /run/closeloop/{{ .env | lower | replace "_" "-" }} }
{{- end }}
{{- if .facts.database }}
- { name: DATABASE_URL, value: {{ printf "postgres://%s@%s:%d/%s" $values.postgres.user $values.postgres.host (int $values.postgres.port) $values.postgres.database | quote }} }
{{- if $values.postgres.tls.enabled }}
- { name: DATABASE_SSL, value: 'true' }
{{- end }}
{{- end }}
{{- if .facts.kafka }}
- { name: KAFKA_BROKERS, value: {{ join "," $values.kafka.brokers | quote }} }
- { name: KAFKA_PARTITIONS, value: {{ $values.kafka.partitions | quote }} }
- { name: KAFKA_REPLICATION, value: {{ $values.kafka.replication | quote }} }
{{- with $values.kafka.topicPrefix }}
- { name: KAFKA_TOPIC_PREFIX, value: {{ . | quote }} }
{{- end }}
{{- if $values.kafka.tls.enabled }}
- { name: KAFKA_SSL, value: 'true' }
{{- end }}
{{- with $values.kafka.sasl.mechanism }}
- { name: KAFKA_SASL_MECHANISM, value: {{ . }} }
{{- end }}
{{- end }}
{{- with $values.oidc }}
{{- if .issuer }}
- { name: OIDC_ISSUER, value: {{ .issuer | quote }} }
{{- end }}
- { name: OIDC_AUDIENCE, value: {{ .audience | quote }} }
{{- if .jwksUri }}
- { name: OIDC_JWKS_URI, value: {{ .jwksUri | quote }} }
{{- end }}
{{- end }}
{{- $ports := $root.Files.Get "services.yaml" | fromYaml }}
{{- range .facts.calls }}
- { name: {{ upper . }}_URL, value: 'http://{{ include "closeloop.fullname" $root }}-{{ . }}:{{ (index $ports .).port }}' }
{{- end }}
{{- end }}

{{/* The volumes of a container and where they are mounted; all that is writable is /tmp. Of (dict "root" $ "facts" facts). */}}
{{- define "closeloop.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
- name: secrets
  projected:
    # read by the group of fsGroup alone
    defaultMode: 0440
    sources:
      {{- range include "closeloop.files" . | fromYamlArray }}
      - secret:
          name: {{ .secret }}
          items: [{ key: {{ .key | quote }}, path: {{ .env | lower | replace "_" "-" }} }]
      {{- end }}
{{- end }}

{{- define "closeloop.volumeMounts" -}}
- { name: tmp, mountPath: /tmp }
- { name: secrets, mountPath: /run/closeloop, readOnly: true }
{{- end }}
