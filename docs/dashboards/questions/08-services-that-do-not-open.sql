-- Which service refuses, or does not answer? By service, of the connections whose beginning was seen.
-- aborted: the client reset it instead of completing the handshake.
SELECT
    service,
    count(*) AS attempts,
    sum(CASE WHEN handshake IN ('complete', 'simultaneous') THEN 1 ELSE 0 END) AS opened,
    sum(CASE WHEN handshake = 'refused' THEN 1 ELSE 0 END) AS refused,
    sum(CASE WHEN handshake = 'unanswered' THEN 1 ELSE 0 END) AS unanswered,
    sum(CASE WHEN handshake = 'aborted' THEN 1 ELSE 0 END) AS aborted,
    count(DISTINCT client_ip) AS clients
FROM finwait_connections
WHERE handshake <> 'mid_stream'
GROUP BY service
HAVING sum(CASE WHEN handshake IN ('refused', 'unanswered', 'aborted') THEN 1 ELSE 0 END) > 0
ORDER BY 4 DESC, 5 DESC, 6 DESC, 1;
