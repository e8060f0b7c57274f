-- How did the connections of each service end? Those with the most trouble first (reset, vanished or
-- never opened).
SELECT
    service,
    count(*) AS connections,
    sum(CASE WHEN close_kind IN ('graceful', 'simultaneous') THEN 1 ELSE 0 END) AS graceful,
    sum(CASE WHEN close_kind = 'reset' THEN 1 ELSE 0 END) AS reset,
    sum(CASE WHEN close_kind = 'vanished' THEN 1 ELSE 0 END) AS vanished,
    sum(CASE WHEN close_kind IN ('mid_close', 'half_closed', 'open') THEN 1 ELSE 0 END) AS still_open,
    sum(CASE WHEN close_kind = 'none' THEN 1 ELSE 0 END) AS never_opened,
    sum(CASE WHEN close_kind IN ('reset', 'vanished', 'none') THEN 1 ELSE 0 END) AS trouble
FROM finwait_connections
GROUP BY service
ORDER BY trouble DESC, connections DESC, service;
