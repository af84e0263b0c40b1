-- Pools in force on the first day of a period.
SELECT pool, service, coalesce(account_group, '') AS account_group, coalesce(driver, '') AS driver,
  coalesce(nullif(zero_volume, ''), 'refuse') AS zero_volume, valid_from, reason, approver
FROM pool WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
ORDER BY service, account_group
