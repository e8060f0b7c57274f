-- Who resets whom? By sender, receiver and service, the most first. form tells an abort from the reply
-- to a segment that found no connection and from the refusal of a SYN; cause is the rule that explains
-- it (finwait rules CAUSE). ended: how many of these connections the RST itself ended.
SELECT
    CASE reset_by WHEN 'client' THEN client_ip WHEN 'server' THEN server_ip ELSE 'both' END AS sender,
    CASE reset_by WHEN 'client' THEN server_ip WHEN 'server' THEN client_ip ELSE 'both' END AS receiver,
    service,
    reset_form AS form,
    reset_cause AS cause,
    count(*) AS connections,
    sum(CASE WHEN close_kind = 'reset' THEN 1 ELSE 0 END) AS ended
FROM finwait_connections
WHERE reset_by IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
ORDER BY connections DESC, sender, receiver, service, form, cause NULLS LAST;
