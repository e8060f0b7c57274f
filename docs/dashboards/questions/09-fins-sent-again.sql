-- On which paths were FINs sent again, and after how long? By direction and rule: fin_retransmitted was
-- not answered in time, fin_retransmitted_after_ack was, and that acknowledgment was lost behind the
-- capture point; fin_retransmitted_spuriously crossed it.
SELECT
    ip AS sender,
    CASE role WHEN 'client' THEN server_ip ELSE client_ip END AS receiver,
    service,
    rule,
    count(*) AS connections,
    sum(counted) AS sent_again,
    min(coalesce(first_interval_ns, gap_ns)) AS shortest_first_delay_ns,
    max(coalesce(last_interval_ns, gap_ns)) AS longest_last_delay_ns
FROM finwait_anomalies
WHERE category = 'retransmitted_fin'
GROUP BY 1, 2, 3, 4
ORDER BY sent_again DESC, sender, receiver, service, rule;
