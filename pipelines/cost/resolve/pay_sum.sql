-- Pay of each assignment on a cost centre and account on a pay date, by category of pay. Nobody publishes it.
--
-- Reads   pay_element   reference: what each element is on the pay date; one without a row is `other`, and listed (unknown_element)
--         ledger_line, payroll_line   only which ledger a council has: rules may be of one feed, and pay is classed as a line of the ledger
--                       would be, of several feeds (purchase cards beside the ledger) of the one in which most of payroll's pounds are
-- Gives   council, feed, person, assignment, cost_centre, account VARCHAR, pay_date DATE, category, pay_basis VARCHAR,
--         amount, niable, pensionable (of the amount, what counts for national insurance and for pension), has_ledger BOOLEAN: a council
--         whose costs are payments, or whose ledger is not there, resolves no pay
WITH
payroll AS (
  SELECT council, feed, row_number() OVER (PARTITION BY council ORDER BY sum(abs(amount)) DESC, feed) AS place
  FROM payroll_line GROUP BY council, feed
),
ledger AS (
  SELECT l.council, coalesce(min(p.feed), min(l.feed)) AS feed
  FROM (SELECT DISTINCT council, feed FROM ledger_line WHERE delivery_year = $fiscal_year AND delivery_period = $period) AS l
  LEFT JOIN payroll AS p ON p.council = l.council AND p.place = 1
  GROUP BY l.council
),
element AS (
  SELECT council, fold_code(element) AS element, category, niable, pensionable, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to FROM pay_element
)
SELECT p.council, coalesce(l.feed, p.feed) AS feed, p.person, p.assignment, coalesce(fold_code(p.cost_centre), '') AS cost_centre,
  coalesce(fold_code(p.account), '') AS account, p.pay_date, coalesce(e.category, 'other') AS category, p.pay_basis,
  sum(p.amount) AS amount,
  sum(CASE WHEN e.niable THEN p.amount ELSE 0.00 END) AS niable,
  sum(CASE WHEN e.pensionable THEN p.amount ELSE 0.00 END) AS pensionable,
  l.feed IS NOT NULL AS has_ledger
FROM pay_line AS p
LEFT JOIN element AS e
  ON e.council = p.council AND e.element = fold_code(p.element) AND e.valid_from <= p.pay_date AND p.pay_date < e.valid_to
LEFT JOIN ledger AS l ON l.council = p.council
GROUP BY p.council, coalesce(l.feed, p.feed), p.person, p.assignment, coalesce(fold_code(p.cost_centre), ''), coalesce(fold_code(p.account), ''), p.pay_date,
  coalesce(e.category, 'other'), p.pay_basis, l.feed IS NOT NULL
