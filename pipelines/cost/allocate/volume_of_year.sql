-- The volumes of a year, placed as they were period by period: a closing period counts them.
SELECT driver, to_service, to_ownership, to_bearer, delivery_year, sum(volume) AS volume, max(CASE WHEN carried THEN 1 ELSE 0 END) > 0 AS carried
FROM volume_of_month
GROUP BY driver, to_service, to_ownership, to_bearer, delivery_year
