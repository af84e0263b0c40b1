-- What each service counts of the use of councils: as a partner in the months in which it was a member, as a customer in those in which it was
-- none and had an agreement. A month counts itself, a closing period the months of its year.
WITH
month AS (
  SELECT fiscal_year, period, ends FROM period
  WHERE fiscal_year = $fiscal_year AND period <= 12 AND ($period > 12 OR period = $period)
),
served AS (
  SELECT DISTINCT a.customer, a.service, m.period
  FROM agreement AS a JOIN month AS m ON a.valid_from <= m.ends AND (a.valid_to IS NULL OR m.ends < a.valid_to)
),
used AS (
  SELECT v.driver, v.to_ownership, v.to_bearer, m.fiscal_year, m.period, v.volume
  FROM volume AS v
  JOIN month AS m ON m.fiscal_year = v.delivery_year AND m.period = v.delivery_period
  JOIN council AS c ON c.council = v.to_bearer
  WHERE v.to_service = '' AND v.to_ownership IN ('shared', 'external')
)
SELECT s.service, u.driver, u.to_bearer, u.to_ownership,
  sum(CASE WHEN u.to_ownership = 'shared' AND p.organisation IS NOT NULL THEN u.volume
    WHEN u.to_ownership = 'external' AND p.organisation IS NULL AND a.customer IS NOT NULL THEN u.volume ELSE 0 END) AS volume
FROM used AS u CROSS JOIN service AS s
LEFT JOIN member_period AS p
  ON p.organisation = u.to_bearer AND p.service = s.service AND p.delivery_year = u.fiscal_year AND p.delivery_period = u.period
LEFT JOIN served AS a ON a.customer = u.to_bearer AND a.service = s.service AND a.period = u.period
GROUP BY s.service, u.driver, u.to_bearer, u.to_ownership
