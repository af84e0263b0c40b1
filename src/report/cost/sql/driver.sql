-- Drivers in force on the first day of a period.
SELECT driver, name, unit, measure, quality, coalesce(fed_by, '') AS fed_by, coalesce(max_age, 0) AS max_age
FROM driver WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
ORDER BY driver
