-- Which FINs were never acknowledged, and by whom? Ends whose FIN had no acknowledgment when the capture
-- ended, and that were not reset. proven: those of which a rule says that the capture looked for long
-- enough; the others may only have been cut off by its end. fins: how often they were sent.
SELECT
    e.ip AS sender,
    e.peer_ip AS silent,
    e.service,
    count(*) AS connections,
    sum(e.fins) AS fins,
    count(a.connection) AS proven,
    max(a.at) AS last_found_at
FROM finwait_endpoints AS e
LEFT JOIN finwait_anomalies AS a
    ON a.capture = e.capture AND a.connection = e.connection AND a.role = e.role
    AND a.rule IN ('fin_never_acked', 'last_ack_missing')
WHERE e.fins > 0 AND e.fin_acked_in_frame IS NULL AND e.reset_by IS NULL
GROUP BY e.ip, e.peer_ip, e.service
ORDER BY proven DESC, connections DESC, sender, silent, e.service;
