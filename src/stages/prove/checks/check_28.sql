-- Check 28: of each matched recharge as much goes out on one side as on the other: what the payer booked; what is left is the difference, and
-- within the tolerance.
SELECT
  p.payer || ' → ' || p.payee || ', `' || p.reference || '`: ' || CASE
    WHEN p.paid <= 0.00 OR p.received >= 0.00 OR p.payer = p.payee THEN 'not a payer and a payee'
    WHEN p.eliminated <> p.paid THEN 'not eliminated at what the payer booked'
    WHEN p.difference <> p.paid + p.received THEN 'the difference is not what is left'
    ELSE 'the difference is over the tolerance' END AS what,
  p.delivery_year AS fiscal_year,
  p.delivery_period AS period,
  CAST(1 AS BIGINT) AS failed,
  CASE WHEN p.eliminated <> p.paid THEN p.eliminated - p.paid ELSE p.difference END AS difference
FROM recharge_pair AS p
CROSS JOIN recharge_limit AS l
WHERE p.paid <= 0.00 OR p.received >= 0.00 OR p.payer = p.payee OR p.eliminated <> p.paid OR p.difference <> p.paid + p.received
  OR abs(p.difference) > l.tolerance
