-- Every service in every set of pools, with the pool by which its cost goes on. An account group that some pool names has a set of its own,
-- in which a service without such a pool goes on by its general one; `all` is the set of every other group. `non_distributed` (redundancy, pension
-- strain) is always a set of its own, and no general pool covers it: what no pool names is left where it was incurred.
--
-- Reads   pool           rows in force on the first day of the period
--         declared_service, driver_lack
-- Gives   pool_set, service VARCHAR → pool, driver, lacks VARCHAR, is_final BOOLEAN, step INTEGER, zero_volume VARCHAR
--         A service without a pool leaves its cost unallocated.
WITH
pool_now AS (
  SELECT pool, service, coalesce(account_group, '') AS account_group, coalesce(driver, '') AS driver, step,
    coalesce(nullif(zero_volume, ''), 'refuse') AS zero_volume
  FROM pool WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
sets AS (
  SELECT 'all' AS pool_set
  UNION
  SELECT account_group FROM pool_now WHERE account_group <> ''
  UNION
  SELECT 'non_distributed'
),
-- Shared cost of which the source does not say the service has no pool.
serving AS (
  SELECT service, kind FROM declared_service
  UNION
  SELECT 'unknown', 'final'
  UNION
  SELECT 'none', 'final'
),
stepped AS (SELECT service, min(step) AS step FROM pool_now GROUP BY service)
SELECT x.pool_set, s.service, coalesce(own.pool, gen.pool, '') AS pool, coalesce(own.driver, gen.driver, '') AS driver, coalesce(l.lacks, '') AS lacks,
  s.kind = 'final' AS is_final, t.step, coalesce(own.zero_volume, gen.zero_volume, 'leave_unallocated') AS zero_volume
FROM sets AS x CROSS JOIN serving AS s
LEFT JOIN pool_now AS own ON own.service = s.service AND own.account_group = x.pool_set
LEFT JOIN pool_now AS gen ON gen.service = s.service AND gen.account_group = '' AND x.pool_set <> 'non_distributed'
LEFT JOIN stepped AS t ON t.service = s.service
LEFT JOIN driver_lack AS l ON l.driver = coalesce(own.driver, gen.driver)
