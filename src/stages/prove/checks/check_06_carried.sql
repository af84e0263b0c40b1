-- Check 6: every required feed brought its month. Where one says `missing: carry`, its last month stands in, but for lines on recharge
-- accounts: a figure that nobody has sent.
--
-- Reads   carried_feed   feeds of which a month stands in: from which it is, its lines and pounds, and in words what of it is left out
SELECT
  council || '/' || feed || ': lines of ' || carried_from || ' stand in' || left_out AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  lines AS failed,
  amount AS difference
FROM carried_feed
