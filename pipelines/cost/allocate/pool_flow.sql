-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- What every service gives, set of pools by set of pools: the volumes of its pool's driver that it can use.
--
-- A council's own use counts where it is a member of the giving service on the last day of the month; what it uses as a customer it uses of the
-- services for which it has an agreement that day, and of none of which it is a partner. A closing period is the sum of its months: a
-- former partner's use stays in the partners' part, and what a council used before it became a partner is a customer's.
WITH
used AS (
  SELECT driver, to_service, to_ownership, to_bearer, volume, CAST($as_at AS DATE) AS day FROM volume WHERE $first_day < $as_at
  UNION ALL
  SELECT driver, to_service, to_ownership, to_bearer, volume, as_at FROM volume_of_month
  WHERE delivery_year = $fiscal_year AND $first_day = $as_at
),
day AS (SELECT DISTINCT day FROM used),
partner AS (
  SELECT DISTINCT m.organisation, m.service, d.day
  FROM membership AS m JOIN day AS d ON m.valid_from <= d.day AND (m.valid_to IS NULL OR d.day < m.valid_to)
  WHERE m.role IN ('partner', 'host')
),
council AS (SELECT organisation FROM declared_organisation WHERE kind = 'council'),
served AS (
  SELECT DISTINCT a.customer, a.service, d.day
  FROM agreement AS a JOIN day AS d ON a.valid_from <= d.day AND (a.valid_to IS NULL OR d.day < a.valid_to)
)
SELECT g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer, sum(v.volume) AS volume
FROM pool_giver AS g
JOIN used AS v ON v.driver = g.driver
LEFT JOIN partner AS p ON p.organisation = v.to_bearer AND p.service = g.service AND p.day = v.day
LEFT JOIN council AS c ON c.organisation = v.to_bearer
LEFT JOIN served AS s ON s.customer = v.to_bearer AND s.service = g.service AND s.day = v.day
WHERE g.driver <> ''
  AND NOT (v.to_service = '' AND v.to_ownership = 'shared' AND (p.organisation IS NULL OR v.to_bearer = 'shared'))
  AND NOT (v.to_service = '' AND v.to_ownership = 'external' AND c.organisation IS NOT NULL
    AND (p.organisation IS NOT NULL OR s.customer IS NULL))
  AND NOT (v.to_bearer = '' AND v.to_service <> g.service AND g.is_final)
GROUP BY g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer
