-- Elements of pay that pay_element does not know on the pay date, which count as `other`: listed in pay_exception.
--
-- Gives   council, element VARCHAR, assignments BIGINT: how many it stands on
WITH
element AS (
  SELECT council, fold_code(element) AS element, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to FROM pay_element
)
SELECT p.council, fold_code(p.element) AS element, count(DISTINCT p.assignment) AS assignments
FROM pay_line AS p
LEFT JOIN element AS e
  ON e.council = p.council AND e.element = fold_code(p.element) AND e.valid_from <= p.pay_date AND p.pay_date < e.valid_to
WHERE e.element IS NULL
GROUP BY p.council, fold_code(p.element)
