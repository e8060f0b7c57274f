-- Which host held the most TIME_WAITs at once, when, and how near are its ports to their end? Of each host
-- the capture with its highest peak. service is the one that took the most of its ports, TIME_WAIT
-- included; used_permille of 1000 is all of them.
SELECT
    s.host,
    s.peak,
    s.peak_at,
    s.mean,
    u.service,
    u.ports_in_use_peak AS ports,
    u.port_range,
    u.used_permille
FROM (
    SELECT
        finwait_host_states.*,
        row_number() OVER (PARTITION BY host ORDER BY peak DESC, peak_at, capture) AS place
    FROM finwait_host_states
    WHERE state = 'TIME_WAIT'
) AS s
LEFT JOIN (
    SELECT
        finwait_host_services.*,
        row_number() OVER (PARTITION BY capture, host ORDER BY ports_in_use_peak DESC, service) AS place
    FROM finwait_host_services
) AS u ON u.capture = s.capture AND u.host = s.host AND u.place = 1
WHERE s.place = 1
ORDER BY s.peak DESC, s.host;
