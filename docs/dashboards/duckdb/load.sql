-- Loads a report in lines from standard input into DuckDB (1.3 or later):
--
--   finwait --format ndjson --connections CAPTURE | duckdb incident.duckdb -f docs/dashboards/duckdb/load.sql
--
-- A record that is there already is replaced. Columns that a record does not have are NULL. Times are
-- RFC 3339 with nanoseconds, as text (TIMESTAMP would cut them to microseconds); durations are BIGINT,
-- nanoseconds.

BEGIN;

CREATE TABLE IF NOT EXISTS finwait_records (
    event_id VARCHAR PRIMARY KEY,
    dataset VARCHAR NOT NULL,
    capture VARCHAR NOT NULL,
    body JSON NOT NULL
);

-- As objects: nothing is guessed about columns and types.
INSERT OR REPLACE INTO finwait_records (event_id, dataset, capture, body)
SELECT DISTINCT ON (json ->> '$.event.id')
    json ->> '$.event.id',
    json ->> '$.event.dataset',
    json ->> '$.capture.id',
    json
FROM read_json_objects('/dev/stdin', format = 'newline_delimited');

-- One row a connection (with --connections).
DROP VIEW IF EXISTS finwait_connections;
CREATE VIEW finwait_connections AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$.tcp.connection' AS connection,
    body ->> '$.event.start' AS started,
    body ->> '$.event.end' AS ended,
    CAST(body ->> '$.event.start_ns' AS BIGINT) AS start_ns,
    CAST(body ->> '$.event.end_ns' AS BIGINT) AS end_ns,
    CAST(body ->> '$.event.duration' AS BIGINT) AS duration_ns,
    body ->> '$.client.ip' AS client_ip,
    CAST(body ->> '$.client.port' AS BIGINT) AS client_port,
    body ->> '$.server.ip' AS server_ip,
    CAST(body ->> '$.server.port' AS BIGINT) AS server_port,
    CASE WHEN (body ->> '$.server.ip') LIKE '%:%'
        THEN '[' || (body ->> '$.server.ip') || ']'
        ELSE (body ->> '$.server.ip')
    END || ':' || (body ->> '$.server.port') AS service,
    CAST(body ->> '$.network.packets' AS BIGINT) AS packets,
    CAST(body ->> '$.network.bytes' AS BIGINT) AS bytes,
    body ->> '$.tcp.visibility' AS visibility,
    body ->> '$.tcp.handshake.kind' AS handshake,
    body ->> '$.tcp.close.kind' AS close_kind,
    body ->> '$.tcp.close.by' AS close_by,
    body ->> '$.tcp.close.start' AS close_started,
    CAST(body ->> '$.tcp.close.duration_ns' AS BIGINT) AS close_duration_ns,
    CAST(body ->> '$.tcp.close.idle_before_ns' AS BIGINT) AS idle_before_ns,
    body ->> '$.tcp.close.time_wait_held_by' AS time_wait_held_by,
    body ->> '$.tcp.close.reset.by' AS reset_by,
    body ->> '$.tcp.close.reset.form' AS reset_form,
    body ->> '$.tcp.close.reset.stage' AS reset_stage,
    body ->> '$.tcp.close.reset.cause' AS reset_cause,
    body ->> '$.tcp.previous.connection' AS previous,
    CAST(body ->> '$.tcp.previous.gap_ns' AS BIGINT) AS gap_ns,
    body -> '$.rules' AS rules,
    body -> '$.caveats' AS caveats
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- Two rows a connection: each end as it stood when the capture ended.
DROP VIEW IF EXISTS finwait_endpoints;
CREATE VIEW finwait_endpoints AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$.tcp.connection' AS connection,
    'client' AS role,
    body ->> '$.client.ip' AS ip,
    CAST(body ->> '$.client.port' AS BIGINT) AS port,
    body ->> '$.server.ip' AS peer_ip,
    CAST(body ->> '$.server.port' AS BIGINT) AS peer_port,
    CASE WHEN (body ->> '$.server.ip') LIKE '%:%'
        THEN '[' || (body ->> '$.server.ip') || ']'
        ELSE (body ->> '$.server.ip')
    END || ':' || (body ->> '$.server.port') AS service,
    body ->> '$.client.state' AS state,
    body ->> '$.client.state_certainty' AS state_certainty,
    body -> '$.client.possible_states' AS possible_states,
    CAST(body ->> '$.client.fin.count' AS BIGINT) AS fins,
    CAST(body ->> '$.client.fin.acked_by.frame' AS BIGINT) AS fin_acked_in_frame,
    CAST(body ->> '$.client.fin.active' AS BOOLEAN) AS closed_first,
    CAST(body ->> '$.client.rst.count' AS BIGINT) AS resets,
    CAST(body ->> '$.client.unacked_bytes' AS BIGINT) AS unacked_bytes,
    body ->> '$.tcp.close.start' AS close_started,
    body ->> '$.tcp.close.reset.by' AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection'
UNION ALL
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$.tcp.connection' AS connection,
    'server' AS role,
    body ->> '$.server.ip' AS ip,
    CAST(body ->> '$.server.port' AS BIGINT) AS port,
    body ->> '$.client.ip' AS peer_ip,
    CAST(body ->> '$.client.port' AS BIGINT) AS peer_port,
    CASE WHEN (body ->> '$.server.ip') LIKE '%:%'
        THEN '[' || (body ->> '$.server.ip') || ']'
        ELSE (body ->> '$.server.ip')
    END || ':' || (body ->> '$.server.port') AS service,
    body ->> '$.server.state' AS state,
    body ->> '$.server.state_certainty' AS state_certainty,
    body -> '$.server.possible_states' AS possible_states,
    CAST(body ->> '$.server.fin.count' AS BIGINT) AS fins,
    CAST(body ->> '$.server.fin.acked_by.frame' AS BIGINT) AS fin_acked_in_frame,
    CAST(body ->> '$.server.fin.active' AS BOOLEAN) AS closed_first,
    CAST(body ->> '$.server.rst.count' AS BIGINT) AS resets,
    CAST(body ->> '$.server.unacked_bytes' AS BIGINT) AS unacked_bytes,
    body ->> '$.tcp.close.start' AS close_started,
    body ->> '$.tcp.close.reset.by' AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- What the rules found; about a host where host is set.
DROP VIEW IF EXISTS finwait_anomalies;
CREATE VIEW finwait_anomalies AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$."@timestamp"' AS at,
    body ->> '$.rule.id' AS rule,
    body ->> '$.rule.category' AS category,
    body ->> '$.severity' AS severity,
    CAST(body ->> '$.event.severity' AS BIGINT) AS severity_number,
    body ->> '$.confidence' AS confidence,
    body ->> '$.scope' AS scope,
    body ->> '$.event.reason' AS reason,
    body ->> '$.tcp.connection' AS connection,
    body ->> '$.endpoint.role' AS role,
    body ->> '$.endpoint.ip' AS ip,
    CAST(body ->> '$.endpoint.port' AS BIGINT) AS port,
    body ->> '$.client.ip' AS client_ip,
    CAST(body ->> '$.client.port' AS BIGINT) AS client_port,
    body ->> '$.server.ip' AS server_ip,
    CAST(body ->> '$.server.port' AS BIGINT) AS server_port,
    body ->> '$.host.ip' AS host,
    CASE WHEN coalesce(body ->> '$.server.ip', body ->> '$.service.ip') LIKE '%:%'
        THEN '[' || coalesce(body ->> '$.server.ip', body ->> '$.service.ip') || ']'
        ELSE coalesce(body ->> '$.server.ip', body ->> '$.service.ip')
    END || ':' || coalesce(body ->> '$.server.port', body ->> '$.service.port') AS service,
    CAST(body ->> '$.figures.count' AS BIGINT) AS counted,
    CAST(body ->> '$.figures.gap_ns' AS BIGINT) AS gap_ns,
    CAST(body ->> '$.figures.delay_ns' AS BIGINT) AS delay_ns,
    CAST(body ->> '$.figures.idle_ns' AS BIGINT) AS idle_ns,
    CAST(body ->> '$.figures.span_ns' AS BIGINT) AS span_ns,
    CAST(body ->> '$.figures.first_interval_ns' AS BIGINT) AS first_interval_ns,
    CAST(body ->> '$.figures.last_interval_ns' AS BIGINT) AS last_interval_ns,
    body ->> '$.figures.holder' AS holder,
    body ->> '$.figures.outcome' AS outcome,
    CAST(body ->> '$.figures.safe_rfc1122' AS BOOLEAN) AS safe_rfc1122,
    CAST(body ->> '$.figures.safe_rfc6191' AS BOOLEAN) AS safe_rfc6191,
    CAST(body ->> '$.figures.gave_up' AS BOOLEAN) AS gave_up,
    body -> '$.figures' AS figures
FROM finwait_records
WHERE dataset = 'finwait.anomaly';

-- What each host went through.
DROP VIEW IF EXISTS finwait_hosts;
CREATE VIEW finwait_hosts AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    coalesce(body ->> '$.host.ip', 'others') AS host,
    CAST(body ->> '$.connections.opened' AS BIGINT) AS opened,
    CAST(body ->> '$.connections.accepted' AS BIGINT) AS accepted,
    CAST(body ->> '$.connections.closed_first' AS BIGINT) AS closed_first,
    CAST(body ->> '$.connections.reset_sent' AS BIGINT) AS reset_sent,
    CAST(body ->> '$.connections.reset_received' AS BIGINT) AS reset_received
FROM finwait_records
WHERE dataset = 'finwait.host';

-- How many sockets of a host were in a state at once.
DROP VIEW IF EXISTS finwait_host_states;
CREATE VIEW finwait_host_states AS
SELECT
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    coalesce(body ->> '$.host.ip', 'others') AS host,
    part.key AS state,
    CAST(part.value ->> '$.peak' AS BIGINT) AS peak,
    part.value ->> '$.peak_at' AS peak_at,
    CAST(part.value ->> '$.mean' AS BIGINT) AS mean
FROM finwait_records, json_each(body, '$.states') AS part
WHERE dataset = 'finwait.host';

-- Ports of a client that a service took.
DROP VIEW IF EXISTS finwait_host_services;
CREATE VIEW finwait_host_services AS
SELECT
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    coalesce(body ->> '$.host.ip', 'others') AS host,
    CASE WHEN (part.value ->> '$.ip') LIKE '%:%'
        THEN '[' || (part.value ->> '$.ip') || ']'
        ELSE (part.value ->> '$.ip')
    END || ':' || (part.value ->> '$.port') AS service,
    CAST(part.value ->> '$.ports_in_use_peak' AS BIGINT) AS ports_in_use_peak,
    part.value ->> '$.peak_at' AS peak_at,
    CAST(part.value ->> '$.port_range' AS BIGINT) AS port_range,
    CAST(part.value ->> '$.used_permille' AS BIGINT) AS used_permille,
    CAST(part.value ->> '$.server_held_peak' AS BIGINT) AS server_held_peak
FROM finwait_records, json_each(body, '$.services') AS part
WHERE dataset = 'finwait.host';

-- Sockets of a host in a state over time.
DROP VIEW IF EXISTS finwait_socket_samples;
CREATE VIEW finwait_socket_samples AS
SELECT
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$."@timestamp"' AS at,
    coalesce(body ->> '$.host.ip', 'others') AS host,
    part.key AS state,
    CAST(part.value AS BIGINT) AS sockets
FROM finwait_records, json_each(body, '$.states') AS part
WHERE dataset = 'finwait.sample' AND json_exists(body, '$.states');

-- What happened in the whole capture since the instant before.
DROP VIEW IF EXISTS finwait_event_samples;
CREATE VIEW finwait_event_samples AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$."@timestamp"' AS at,
    CAST(body ->> '$.opens' AS BIGINT) AS opens,
    CAST(body ->> '$.closes' AS BIGINT) AS closes,
    CAST(body ->> '$.resets' AS BIGINT) AS resets,
    body -> '$.rules' AS rules
FROM finwait_records
WHERE dataset = 'finwait.sample' AND json_exists(body, '$.opens');

-- One row a capture: what was read, and with which options. ended is the last packet of TCP,
-- captured_until the last of all.
DROP VIEW IF EXISTS finwait_captures;
CREATE VIEW finwait_captures AS
SELECT
    body ->> '$.event.id' AS event_id,
    body ->> '$.capture.id' AS capture,
    body ->> '$.observer.name' AS observer,
    body ->> '$.event.start' AS started,
    body ->> '$.event.end' AS ended,
    list_max(body ->> '$.capture.files[*].end') AS captured_until,
    CAST(body ->> '$.connections.total' AS BIGINT) AS connections,
    CAST(body ->> '$.complete' AS BOOLEAN) AS complete,
    CAST(body ->> '$.evicted' AS BIGINT) AS evicted,
    body -> '$.capture.files' AS files,
    body -> '$.options' AS options,
    body ->> '$.version' AS version
FROM finwait_records
WHERE dataset = 'finwait.summary';

COMMIT;
