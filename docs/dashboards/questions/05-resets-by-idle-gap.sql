-- Do resets follow silence? Connections that an RST ended, by how long they had been silent before
-- their close began, be it with a FIN or with that RST.
-- Many just above 60, 300, 350 or 3600 seconds are a timeout of a proxy, balancer or firewall.
SELECT
    CASE
        WHEN idle_before_ns IS NULL THEN 'not known'
        WHEN idle_before_ns <= 1000000000 THEN 'up to 1 s'
        WHEN idle_before_ns <= 30000000000 THEN 'up to 30 s'
        WHEN idle_before_ns <= 60000000000 THEN 'up to 60 s'
        WHEN idle_before_ns <= 300000000000 THEN 'up to 300 s'
        WHEN idle_before_ns <= 360000000000 THEN 'up to 360 s'
        ELSE 'longer'
    END AS silence,
    service,
    count(*) AS resets,
    min(idle_before_ns) AS shortest_ns,
    max(idle_before_ns) AS longest_ns
FROM finwait_connections
WHERE close_kind = 'reset'
GROUP BY 1, 2
ORDER BY min(idle_before_ns) NULLS LAST, service;
