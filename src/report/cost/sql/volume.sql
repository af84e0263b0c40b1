-- Volumes that a period counts, with the delivery that brought each.
SELECT v.driver, v.to_service, v.to_ownership, v.to_bearer, v.volume, v.carried, coalesce(v.delivery_id, '') AS delivery_id,
  coalesce(d.council || '/' || d.feed, '') AS feed, coalesce(d.file_name, '') AS file_name
FROM volume AS v LEFT JOIN delivery AS d ON d.delivery_id = v.delivery_id
WHERE v.delivery_year = $fiscal_year AND v.delivery_period = $period
ORDER BY v.driver, v.to_service, v.to_ownership, v.to_bearer
