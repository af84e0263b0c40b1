-- Shares in force in a period, with the rows that they were agreed in.
SELECT r.service, r.partner, r.agreed_weight, r.agreed_total, coalesce(r.driver, '') AS driver, r.volume, r.volume_total,
  coalesce(r.driver_minus_agreed, '') AS driver_minus_agreed, r.tolerance, r.used, r.weight_in_force, r.total_in_force,
  coalesce(s.reason, '') AS reason, coalesce(s.approver, '') AS approver, s.valid_from
FROM driver_register AS r
LEFT JOIN (SELECT service, partner, reason, approver, valid_from FROM share WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)) AS s
  ON s.service = r.service AND s.partner = r.partner
WHERE r.delivery_year = $fiscal_year AND r.delivery_period = $period
ORDER BY r.service, r.partner
