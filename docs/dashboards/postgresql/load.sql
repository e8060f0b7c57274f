-- Loads a report in lines from standard input into PostgreSQL (12 or later, a database in UTF8):
--
--   finwait --format ndjson --connections CAPTURE |
--       psql -X -q -v ON_ERROR_STOP=1 -d incident -f docs/dashboards/postgresql/load.sql
--
-- A record that is there already is replaced. Columns that a record does not have are NULL. Times are
-- RFC 3339 with nanoseconds, as text (timestamptz would round them to microseconds); durations are
-- bigint, nanoseconds.

BEGIN;
SET LOCAL client_min_messages = warning;

CREATE TABLE IF NOT EXISTS finwait_records (
    event_id text PRIMARY KEY,
    dataset text NOT NULL,
    capture text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS finwait_records_by_dataset ON finwait_records (dataset, capture);

-- A line is one column: finwait writes ASCII, with every control character escaped, so that neither
-- this quote nor this delimiter can occur, and a backslash means nothing in this format.
CREATE TEMPORARY TABLE finwait_lines (line jsonb NOT NULL) ON COMMIT DROP;
\copy finwait_lines (line) from pstdin with (format csv, quote E'\x01', delimiter E'\x02', encoding 'UTF8')

INSERT INTO finwait_records AS old (event_id, dataset, capture, body)
SELECT DISTINCT ON (line #>> '{event,id}')
    line #>> '{event,id}',
    line #>> '{event,dataset}',
    line #>> '{capture,id}',
    line
FROM finwait_lines
ON CONFLICT (event_id) DO UPDATE
SET dataset = excluded.dataset, capture = excluded.capture, body = excluded.body;

-- One row a connection (with --connections).
DROP VIEW IF EXISTS finwait_connections;
CREATE VIEW finwait_connections AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body #>> '{tcp,connection}' AS connection,
    body #>> '{event,start}' AS started,
    body #>> '{event,end}' AS ended,
    (body #>> '{event,start_ns}')::bigint AS start_ns,
    (body #>> '{event,end_ns}')::bigint AS end_ns,
    (body #>> '{event,duration}')::bigint AS duration_ns,
    body #>> '{client,ip}' AS client_ip,
    (body #>> '{client,port}')::bigint AS client_port,
    body #>> '{server,ip}' AS server_ip,
    (body #>> '{server,port}')::bigint AS server_port,
    CASE WHEN (body #>> '{server,ip}') LIKE '%:%'
        THEN '[' || (body #>> '{server,ip}') || ']'
        ELSE (body #>> '{server,ip}')
    END || ':' || (body #>> '{server,port}') AS service,
    (body #>> '{network,packets}')::bigint AS packets,
    (body #>> '{network,bytes}')::bigint AS bytes,
    body #>> '{tcp,visibility}' AS visibility,
    body #>> '{tcp,handshake,kind}' AS handshake,
    body #>> '{tcp,close,kind}' AS close_kind,
    body #>> '{tcp,close,by}' AS close_by,
    body #>> '{tcp,close,start}' AS close_started,
    (body #>> '{tcp,close,duration_ns}')::bigint AS close_duration_ns,
    (body #>> '{tcp,close,idle_before_ns}')::bigint AS idle_before_ns,
    body #>> '{tcp,close,time_wait_held_by}' AS time_wait_held_by,
    body #>> '{tcp,close,reset,by}' AS reset_by,
    body #>> '{tcp,close,reset,form}' AS reset_form,
    body #>> '{tcp,close,reset,stage}' AS reset_stage,
    body #>> '{tcp,close,reset,cause}' AS reset_cause,
    body #>> '{tcp,previous,connection}' AS previous,
    (body #>> '{tcp,previous,gap_ns}')::bigint AS gap_ns,
    body -> 'rules' AS rules,
    body -> 'caveats' AS caveats
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- Two rows a connection: each end as it stood when the capture ended.
DROP VIEW IF EXISTS finwait_endpoints;
CREATE VIEW finwait_endpoints AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body #>> '{tcp,connection}' AS connection,
    'client' AS role,
    body #>> '{client,ip}' AS ip,
    (body #>> '{client,port}')::bigint AS port,
    body #>> '{server,ip}' AS peer_ip,
    (body #>> '{server,port}')::bigint AS peer_port,
    CASE WHEN (body #>> '{server,ip}') LIKE '%:%'
        THEN '[' || (body #>> '{server,ip}') || ']'
        ELSE (body #>> '{server,ip}')
    END || ':' || (body #>> '{server,port}') AS service,
    body #>> '{client,state}' AS state,
    body #>> '{client,state_certainty}' AS state_certainty,
    body #> '{client,possible_states}' AS possible_states,
    (body #>> '{client,fin,count}')::bigint AS fins,
    (body #>> '{client,fin,acked_by,frame}')::bigint AS fin_acked_in_frame,
    (body #>> '{client,fin,active}')::boolean AS closed_first,
    (body #>> '{client,rst,count}')::bigint AS resets,
    (body #>> '{client,unacked_bytes}')::bigint AS unacked_bytes,
    body #>> '{tcp,close,start}' AS close_started,
    body #>> '{tcp,close,reset,by}' AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection'
UNION ALL
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body #>> '{tcp,connection}' AS connection,
    'server' AS role,
    body #>> '{server,ip}' AS ip,
    (body #>> '{server,port}')::bigint AS port,
    body #>> '{client,ip}' AS peer_ip,
    (body #>> '{client,port}')::bigint AS peer_port,
    CASE WHEN (body #>> '{server,ip}') LIKE '%:%'
        THEN '[' || (body #>> '{server,ip}') || ']'
        ELSE (body #>> '{server,ip}')
    END || ':' || (body #>> '{server,port}') AS service,
    body #>> '{server,state}' AS state,
    body #>> '{server,state_certainty}' AS state_certainty,
    body #> '{server,possible_states}' AS possible_states,
    (body #>> '{server,fin,count}')::bigint AS fins,
    (body #>> '{server,fin,acked_by,frame}')::bigint AS fin_acked_in_frame,
    (body #>> '{server,fin,active}')::boolean AS closed_first,
    (body #>> '{server,rst,count}')::bigint AS resets,
    (body #>> '{server,unacked_bytes}')::bigint AS unacked_bytes,
    body #>> '{tcp,close,start}' AS close_started,
    body #>> '{tcp,close,reset,by}' AS reset_by
FROM finwait_records
WHERE dataset = 'finwait.connection';

-- What the rules found; about a host where host is set.
DROP VIEW IF EXISTS finwait_anomalies;
CREATE VIEW finwait_anomalies AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body ->> '@timestamp' AS at,
    body #>> '{rule,id}' AS rule,
    body #>> '{rule,category}' AS category,
    body ->> 'severity' AS severity,
    (body #>> '{event,severity}')::bigint AS severity_number,
    body ->> 'confidence' AS confidence,
    body ->> 'scope' AS scope,
    body #>> '{event,reason}' AS reason,
    body #>> '{tcp,connection}' AS connection,
    body #>> '{endpoint,role}' AS role,
    body #>> '{endpoint,ip}' AS ip,
    (body #>> '{endpoint,port}')::bigint AS port,
    body #>> '{client,ip}' AS client_ip,
    (body #>> '{client,port}')::bigint AS client_port,
    body #>> '{server,ip}' AS server_ip,
    (body #>> '{server,port}')::bigint AS server_port,
    body #>> '{host,ip}' AS host,
    CASE WHEN coalesce(body #>> '{server,ip}', body #>> '{service,ip}') LIKE '%:%'
        THEN '[' || coalesce(body #>> '{server,ip}', body #>> '{service,ip}') || ']'
        ELSE coalesce(body #>> '{server,ip}', body #>> '{service,ip}')
    END || ':' || coalesce(body #>> '{server,port}', body #>> '{service,port}') AS service,
    (body #>> '{figures,count}')::bigint AS counted,
    (body #>> '{figures,gap_ns}')::bigint AS gap_ns,
    (body #>> '{figures,delay_ns}')::bigint AS delay_ns,
    (body #>> '{figures,idle_ns}')::bigint AS idle_ns,
    (body #>> '{figures,span_ns}')::bigint AS span_ns,
    (body #>> '{figures,first_interval_ns}')::bigint AS first_interval_ns,
    (body #>> '{figures,last_interval_ns}')::bigint AS last_interval_ns,
    body #>> '{figures,holder}' AS holder,
    body #>> '{figures,outcome}' AS outcome,
    (body #>> '{figures,safe_rfc1122}')::boolean AS safe_rfc1122,
    (body #>> '{figures,safe_rfc6191}')::boolean AS safe_rfc6191,
    (body #>> '{figures,gave_up}')::boolean AS gave_up,
    body -> 'figures' AS figures
FROM finwait_records
WHERE dataset = 'finwait.anomaly';

-- What each host went through.
DROP VIEW IF EXISTS finwait_hosts;
CREATE VIEW finwait_hosts AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    coalesce(body #>> '{host,ip}', 'others') AS host,
    (body #>> '{connections,opened}')::bigint AS opened,
    (body #>> '{connections,accepted}')::bigint AS accepted,
    (body #>> '{connections,closed_first}')::bigint AS closed_first,
    (body #>> '{connections,reset_sent}')::bigint AS reset_sent,
    (body #>> '{connections,reset_received}')::bigint AS reset_received
FROM finwait_records
WHERE dataset = 'finwait.host';

-- How many sockets of a host were in a state at once.
DROP VIEW IF EXISTS finwait_host_states;
CREATE VIEW finwait_host_states AS
SELECT
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    coalesce(body #>> '{host,ip}', 'others') AS host,
    part.key AS state,
    (part.value ->> 'peak')::bigint AS peak,
    part.value ->> 'peak_at' AS peak_at,
    (part.value ->> 'mean')::bigint AS mean
FROM finwait_records, jsonb_each(body -> 'states') AS part
WHERE dataset = 'finwait.host';

-- Ports of a client that a service took.
DROP VIEW IF EXISTS finwait_host_services;
CREATE VIEW finwait_host_services AS
SELECT
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    coalesce(body #>> '{host,ip}', 'others') AS host,
    CASE WHEN (part.value ->> 'ip') LIKE '%:%'
        THEN '[' || (part.value ->> 'ip') || ']'
        ELSE (part.value ->> 'ip')
    END || ':' || (part.value ->> 'port') AS service,
    (part.value ->> 'ports_in_use_peak')::bigint AS ports_in_use_peak,
    part.value ->> 'peak_at' AS peak_at,
    (part.value ->> 'port_range')::bigint AS port_range,
    (part.value ->> 'used_permille')::bigint AS used_permille,
    (part.value ->> 'server_held_peak')::bigint AS server_held_peak
FROM finwait_records, jsonb_array_elements(body -> 'services') AS part
WHERE dataset = 'finwait.host';

-- Sockets of a host in a state over time.
DROP VIEW IF EXISTS finwait_socket_samples;
CREATE VIEW finwait_socket_samples AS
SELECT
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body ->> '@timestamp' AS at,
    coalesce(body #>> '{host,ip}', 'others') AS host,
    part.key AS state,
    part.value::bigint AS sockets
FROM finwait_records, jsonb_each(body -> 'states') AS part
WHERE dataset = 'finwait.sample' AND body ? 'states';

-- What happened in the whole capture since the instant before.
DROP VIEW IF EXISTS finwait_event_samples;
CREATE VIEW finwait_event_samples AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body ->> '@timestamp' AS at,
    (body ->> 'opens')::bigint AS opens,
    (body ->> 'closes')::bigint AS closes,
    (body ->> 'resets')::bigint AS resets,
    body -> 'rules' AS rules
FROM finwait_records
WHERE dataset = 'finwait.sample' AND body ? 'opens';

-- One row a capture: what was read, and with which options. ended is the last packet of TCP,
-- captured_until the last of all.
DROP VIEW IF EXISTS finwait_captures;
CREATE VIEW finwait_captures AS
SELECT
    body #>> '{event,id}' AS event_id,
    body #>> '{capture,id}' AS capture,
    body #>> '{observer,name}' AS observer,
    body #>> '{event,start}' AS started,
    body #>> '{event,end}' AS ended,
    (SELECT max(file ->> 'end') FROM jsonb_array_elements(body #> '{capture,files}') AS file) AS captured_until,
    (body #>> '{connections,total}')::bigint AS connections,
    (body ->> 'complete')::boolean AS complete,
    (body ->> 'evicted')::bigint AS evicted,
    body #> '{capture,files}' AS files,
    body -> 'options' AS options,
    body ->> 'version' AS version
FROM finwait_records
WHERE dataset = 'finwait.summary';

COMMIT;
