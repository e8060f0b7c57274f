-- Which service leaks CLOSE_WAIT? Every end that was believed in CLOSE_WAIT when the capture ended, by
-- host and service. stuck: those that a rule found beyond --stuck. Some in CLOSE_WAIT at any moment are
-- normal; many of one service that only grow in number, the oldest long before the end, are a leak.
SELECT
    e.ip AS host,
    e.role,
    e.service,
    sum(CASE WHEN e.state = 'CLOSE_WAIT' THEN 1 ELSE 0 END) AS in_close_wait,
    count(a.connection) AS stuck,
    count(*) AS connections,
    min(CASE WHEN e.state = 'CLOSE_WAIT' THEN e.close_started END) AS oldest_since,
    max(c.captured_until) AS captured_until
FROM finwait_endpoints AS e
JOIN finwait_captures AS c ON c.capture = e.capture
LEFT JOIN finwait_anomalies AS a
    ON a.capture = e.capture AND a.connection = e.connection AND a.role = e.role AND a.rule = 'close_wait_stuck'
GROUP BY e.ip, e.role, e.service
HAVING sum(CASE WHEN e.state = 'CLOSE_WAIT' THEN 1 ELSE 0 END) > 0
ORDER BY stuck DESC, in_close_wait DESC, host, e.role, e.service;
