-- Cells of cost: sums that are split once. Cost that is no recharge between the partners, not retained and not in suspense.
--
-- Gives   service, ownership, bearer, account_group VARCHAR, on_cost BOOLEAN, council, fund VARCHAR → amount DECIMAL(18,2), cost positive
--         bearer: of shared cost empty; of any other the council itself where no other is named.
SELECT service, ownership, CASE WHEN ownership = 'shared' THEN '' ELSE coalesce(nullif(bearer, ''), council) END AS bearer, account_group,
  coalesce(on_cost, false) AS on_cost, council, fund, sum(amount) AS amount
FROM class_total
WHERE is_cost AND NOT coalesce(recharge, false) AND ownership NOT IN ('retained', 'suspense', 'not_cost')
  AND delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY service, ownership, CASE WHEN ownership = 'shared' THEN '' ELSE coalesce(nullif(bearer, ''), council) END, account_group,
  coalesce(on_cost, false), council, fund
