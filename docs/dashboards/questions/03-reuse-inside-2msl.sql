-- Which client uses a five-tuple again inside 2*MSL, and what comes of it? holder: who was in TIME_WAIT.
-- unsafe: neither RFC 1122 nor RFC 6191 lets the SYN end that TIME_WAIT. outcome: what it met. delay_ns:
-- what that cost the slowest.
SELECT
    CASE role WHEN 'server' THEN server_ip ELSE client_ip END AS client,
    service,
    holder,
    outcome,
    count(*) AS reuses,
    sum(CASE WHEN NOT coalesce(safe_rfc1122, FALSE) AND NOT coalesce(safe_rfc6191, FALSE) THEN 1 ELSE 0 END) AS unsafe,
    min(gap_ns) AS shortest_gap_ns,
    max(delay_ns) AS longest_delay_ns
FROM finwait_anomalies
WHERE rule = 'tuple_reuse_in_time_wait'
GROUP BY 1, 2, 3, 4
ORDER BY reuses DESC, client, service, holder, outcome;
