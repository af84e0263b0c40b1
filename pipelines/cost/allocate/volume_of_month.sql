-- The volumes of every month, as a closing period counts them: placed as they were then. Of a month that stands as it was published (a closed one;
-- a blocked one whose last good figures stand) they are those that were published, whatever today's rules would make of them: of one that
-- published none, none.
--
-- Reads   volume_of_period, standing_volume, standing_volume_period
-- Gives   driver, to_service, to_ownership, to_bearer VARCHAR, delivery_year, as_at DATE (the month's last day) → volume BIGINT, carried BOOLEAN;
--         of a whole year at once, whose closing period reads it
SELECT v.driver, v.to_service, v.to_ownership, v.to_bearer, v.delivery_year, p.as_at, v.volume, v.carried
FROM standing_volume AS v
JOIN standing_volume_period AS p ON p.delivery_year = v.delivery_year AND p.delivery_period = v.delivery_period
UNION ALL
SELECT v.driver, v.to_service, v.to_ownership, v.to_bearer, v.delivery_year, v.as_at, v.volume, v.carried
FROM volume_of_period AS v
LEFT JOIN standing_volume_period AS p ON p.delivery_year = v.delivery_year AND p.delivery_period = v.delivery_period
WHERE p.delivery_period IS NULL
