-- Who vanished, and when? Connections of which one end no longer answers. noticed_at: when the other end
-- first had to repeat itself, as the rule says; last_packet_at: its last attempt.
SELECT
    CASE c.close_by WHEN 'client' THEN c.client_ip WHEN 'server' THEN c.server_ip ELSE c.close_by END AS vanished,
    c.service,
    a.rule,
    count(*) AS connections,
    min(a.at) AS first_noticed_at,
    max(c.ended) AS last_packet_at
FROM finwait_connections AS c
LEFT JOIN finwait_anomalies AS a
    ON a.capture = c.capture AND a.connection = c.connection
    AND a.rule IN ('peer_vanished', 'keepalive_unanswered', 'idle_dropped', 'fin_never_acked', 'last_ack_missing')
WHERE c.close_kind = 'vanished'
GROUP BY 1, 2, 3
ORDER BY connections DESC, first_noticed_at NULLS LAST, vanished, c.service, a.rule NULLS LAST;
