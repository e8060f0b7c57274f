-- Loads a report in lines from standard input into SQLite (3.31 or later):
--
--   finwait --format ndjson --connections CAPTURE | sqlite3 -bail incident.db ".read docs/dashboards/sqlite/load.sql"
--
-- A record that is there already is replaced. Columns that a record does not have are NULL. Times are
-- RFC 3339 with nanoseconds, as text; durations are integers of nanoseconds.

BEGIN;

CREATE TABLE IF NOT EXISTS finwait_records (
    event_id TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    capture TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS finwait_records_by_dataset ON finwait_records (dataset, capture);

-- A line is one column: finwait writes ASCII, with every control character escaped, so that this
-- separator cannot occur, and in this mode quotes mean nothing.
DROP TABLE IF EXISTS finwait_lines;
CREATE TABLE finwait_lines (line TEXT NOT NULL);
.mode ascii
.separator "\037" "\n"
.import /dev/stdin finwait_lines
.mode list
.separator "|" "\n"

INSERT OR REPLACE INTO finwait_records (event_id, dataset, capture, body)
SELECT
    json_extract(line, '$.event.id'),
    json_extract(line, '$.event.dataset'),
    json_extract(line, '$.capture.id'),
    line
FROM finwait_lines;
DROP TABLE finwait_lines;

-- One row a connection (with --connections).
DROP VIEW IF EXISTS finwait_connections;
CREATE VIEW finwait_connections AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$.tcp.connection') AS connection,
    json_extract(body, '$.event.start') AS started,
    json_extract(body, '$.event.end') AS ended,
    json_extract(body, '$.event.start_ns') AS start_ns,
    json_extract(body, '$.event.end_ns') AS end_ns,
    json_extract(body, '$.event.duration') AS duration_ns,
    json_extract(body, '$.client.ip') AS client_ip,
    json_extract(body, '$.client.port') AS client_port,
    json_extract(body, '$.server.ip') AS server_ip,
    json_extract(body, '$.server.port') AS server_port,
    CASE WHEN json_extract(body, '$.server.ip') LIKE '%:%'
        THEN '[' || json_extract(body, '$.server.ip') || ']'
        ELSE json_extract(body, '$.server.ip')
    END || ':' || json_extract(body, '$.server.port') AS service,
    json_extract(body, '$.network.packets') AS packets,
    json_extract(body, '$.network.bytes') AS bytes,
    json_extract(body, '$.tcp.visibility') AS visibility,
    json_extract(body, '$.tcp.handshake.kind') AS handshake,
    json_extract(body, '$.tcp.close.kind') AS close_kind,
    json_extract(body, '$.tcp.close.by') AS close_by,
    json_extract(body, '$.tcp.close.start') AS close_started,
    json_extract(body, '$.tcp.close.duration_ns') AS close_duration_ns,
    json_extract(body, '$.tcp.close.idle_before_ns') AS idle_before_ns,
    json_extract(body, '$.tcp.close.time_wait_held_by') AS time_wait_held_by,
    json_extract(body, '$.tcp.close.reset.by') AS reset_by,
    json_extract(body, '$.tcp.close.reset.form') AS reset_form,
    json_extract(body, '$.tcp.close.reset.stage') AS reset_stage,
    json_extract(body, '$.tcp.close.reset.cause') AS reset_cause,
    json_extract(body, '$.tcp.previous.connection') AS previous,
    json_extract(body, '$.tcp.previous.gap_ns') AS gap_ns,
    json_extract(body, '$.rules') AS rules,
    json_extract(body, '$.caveats') AS caveats
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- Two rows a connection: each end as it stood when the capture ended.
DROP VIEW IF EXISTS finwait_endpoints;
CREATE VIEW finwait_endpoints AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$.tcp.connection') AS connection,
    'client' AS role,
    json_extract(body, '$.client.ip') AS ip,
    json_extract(body, '$.client.port') AS port,
    json_extract(body, '$.server.ip') AS peer_ip,
    json_extract(body, '$.server.port') AS peer_port,
    CASE WHEN json_extract(body, '$.server.ip') LIKE '%:%'
        THEN '[' || json_extract(body, '$.server.ip') || ']'
        ELSE json_extract(body, '$.server.ip')
    END || ':' || json_extract(body, '$.server.port') AS service,
    json_extract(body, '$.client.state') AS state,
    json_extract(body, '$.client.state_certainty') AS state_certainty,
    json_extract(body, '$.client.possible_states') AS possible_states,
    json_extract(body, '$.client.fin.count') AS fins,
    json_extract(body, '$.client.fin.acked_by.frame') AS fin_acked_in_frame,
    json_extract(body, '$.client.fin.active') AS closed_first,
    json_extract(body, '$.client.rst.count') AS resets,
    json_extract(body, '$.client.unacked_bytes') AS unacked_bytes,
    json_extract(body, '$.tcp.close.start') AS close_started,
    json_extract(body, '$.tcp.close.reset.by') AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection'
UNION ALL
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$.tcp.connection') AS connection,
    'server' AS role,
    json_extract(body, '$.server.ip') AS ip,
    json_extract(body, '$.server.port') AS port,
    json_extract(body, '$.client.ip') AS peer_ip,
    json_extract(body, '$.client.port') AS peer_port,
    CASE WHEN json_extract(body, '$.server.ip') LIKE '%:%'
        THEN '[' || json_extract(body, '$.server.ip') || ']'
        ELSE json_extract(body, '$.server.ip')
    END || ':' || json_extract(body, '$.server.port') AS service,
    json_extract(body, '$.server.state') AS state,
    json_extract(body, '$.server.state_certainty') AS state_certainty,
    json_extract(body, '$.server.possible_states') AS possible_states,
    json_extract(body, '$.server.fin.count') AS fins,
    json_extract(body, '$.server.fin.acked_by.frame') AS fin_acked_in_frame,
    json_extract(body, '$.server.fin.active') AS closed_first,
    json_extract(body, '$.server.rst.count') AS resets,
    json_extract(body, '$.server.unacked_bytes') AS unacked_bytes,
    json_extract(body, '$.tcp.close.start') AS close_started,
    json_extract(body, '$.tcp.close.reset.by') AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- What the rules found; about a host where host is set.
DROP VIEW IF EXISTS finwait_anomalies;
CREATE VIEW finwait_anomalies AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$."@timestamp"') AS at,
    json_extract(body, '$.rule.id') AS rule,
    json_extract(body, '$.rule.category') AS category,
    json_extract(body, '$.severity') AS severity,
    json_extract(body, '$.event.severity') AS severity_number,
    json_extract(body, '$.confidence') AS confidence,
    json_extract(body, '$.scope') AS scope,
    json_extract(body, '$.event.reason') AS reason,
    json_extract(body, '$.tcp.connection') AS connection,
    json_extract(body, '$.endpoint.role') AS role,
    json_extract(body, '$.endpoint.ip') AS ip,
    json_extract(body, '$.endpoint.port') AS port,
    json_extract(body, '$.client.ip') AS client_ip,
    json_extract(body, '$.client.port') AS client_port,
    json_extract(body, '$.server.ip') AS server_ip,
    json_extract(body, '$.server.port') AS server_port,
    json_extract(body, '$.host.ip') AS host,
    CASE WHEN coalesce(json_extract(body, '$.server.ip'), json_extract(body, '$.service.ip')) LIKE '%:%'
        THEN '[' || coalesce(json_extract(body, '$.server.ip'), json_extract(body, '$.service.ip')) || ']'
        ELSE coalesce(json_extract(body, '$.server.ip'), json_extract(body, '$.service.ip'))
    END || ':' || coalesce(json_extract(body, '$.server.port'), json_extract(body, '$.service.port')) AS service,
    json_extract(body, '$.figures.count') AS counted,
    json_extract(body, '$.figures.gap_ns') AS gap_ns,
    json_extract(body, '$.figures.delay_ns') AS delay_ns,
    json_extract(body, '$.figures.idle_ns') AS idle_ns,
    json_extract(body, '$.figures.span_ns') AS span_ns,
    json_extract(body, '$.figures.first_interval_ns') AS first_interval_ns,
    json_extract(body, '$.figures.last_interval_ns') AS last_interval_ns,
    json_extract(body, '$.figures.holder') AS holder,
    json_extract(body, '$.figures.outcome') AS outcome,
    json_extract(body, '$.figures.safe_rfc1122') AS safe_rfc1122,
    json_extract(body, '$.figures.safe_rfc6191') AS safe_rfc6191,
    json_extract(body, '$.figures.gave_up') AS gave_up,
    json_extract(body, '$.figures') AS figures
FROM finwait_records
WHERE dataset = 'finwait.anomaly';

-- What each host went through.
DROP VIEW IF EXISTS finwait_hosts;
CREATE VIEW finwait_hosts AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    coalesce(json_extract(body, '$.host.ip'), 'others') AS host,
    json_extract(body, '$.connections.opened') AS opened,
    json_extract(body, '$.connections.accepted') AS accepted,
    json_extract(body, '$.connections.closed_first') AS closed_first,
    json_extract(body, '$.connections.reset_sent') AS reset_sent,
    json_extract(body, '$.connections.reset_received') AS reset_received
FROM finwait_records
WHERE dataset = 'finwait.host';

-- How many sockets of a host were in a state at once.
DROP VIEW IF EXISTS finwait_host_states;
CREATE VIEW finwait_host_states AS
SELECT
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    coalesce(json_extract(body, '$.host.ip'), 'others') AS host,
    part.key AS state,
    json_extract(part.value, '$.peak') AS peak,
    json_extract(part.value, '$.peak_at') AS peak_at,
    json_extract(part.value, '$.mean') AS mean
FROM finwait_records, json_each(body, '$.states') AS part
WHERE dataset = 'finwait.host';

-- Ports of a client that a service took.
DROP VIEW IF EXISTS finwait_host_services;
CREATE VIEW finwait_host_services AS
SELECT
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    coalesce(json_extract(body, '$.host.ip'), 'others') AS host,
    CASE WHEN json_extract(part.value, '$.ip') LIKE '%:%'
        THEN '[' || json_extract(part.value, '$.ip') || ']'
        ELSE json_extract(part.value, '$.ip')
    END || ':' || json_extract(part.value, '$.port') AS service,
    json_extract(part.value, '$.ports_in_use_peak') AS ports_in_use_peak,
    json_extract(part.value, '$.peak_at') AS peak_at,
    json_extract(part.value, '$.port_range') AS port_range,
    json_extract(part.value, '$.used_permille') AS used_permille,
    json_extract(part.value, '$.server_held_peak') AS server_held_peak
FROM finwait_records, json_each(body, '$.services') AS part
WHERE dataset = 'finwait.host';

-- Sockets of a host in a state over time.
DROP VIEW IF EXISTS finwait_socket_samples;
CREATE VIEW finwait_socket_samples AS
SELECT
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$."@timestamp"') AS at,
    coalesce(json_extract(body, '$.host.ip'), 'others') AS host,
    part.key AS state,
    part.value AS sockets
FROM finwait_records, json_each(body, '$.states') AS part
WHERE dataset = 'finwait.sample';

-- What happened in the whole capture since the instant before.
DROP VIEW IF EXISTS finwait_event_samples;
CREATE VIEW finwait_event_samples AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$."@timestamp"') AS at,
    json_extract(body, '$.opens') AS opens,
    json_extract(body, '$.closes') AS closes,
    json_extract(body, '$.resets') AS resets,
    json_extract(body, '$.rules') AS rules
FROM finwait_records
WHERE dataset = 'finwait.sample' AND json_type(body, '$.opens') IS NOT NULL;

-- One row a capture: what was read, and with which options. ended is the last packet of TCP,
-- captured_until the last of all.
DROP VIEW IF EXISTS finwait_captures;
CREATE VIEW finwait_captures AS
SELECT
    json_extract(body, '$.event.id') AS event_id,
    json_extract(body, '$.capture.id') AS capture,
    json_extract(body, '$.observer.name') AS observer,
    json_extract(body, '$.event.start') AS started,
    json_extract(body, '$.event.end') AS ended,
    (SELECT max(json_extract(value, '$.end')) FROM json_each(body, '$.capture.files')) AS captured_until,
    json_extract(body, '$.connections.total') AS connections,
    json_extract(body, '$.complete') AS complete,
    json_extract(body, '$.evicted') AS evicted,
    json_extract(body, '$.capture.files') AS files,
    json_extract(body, '$.options') AS options,
    json_extract(body, '$.version') AS version
FROM finwait_records
WHERE dataset = 'finwait.summary';

COMMIT;
