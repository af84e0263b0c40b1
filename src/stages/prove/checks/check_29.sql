-- Check 29: nothing is eliminated from one side only: what the pairs take out of each council's cost is what the bridge takes out of it, and
-- over all councils nothing; what they settle is what the settlement says.
WITH
side AS (
  SELECT payer AS council, service, delivery_year, delivery_period, eliminated AS amount FROM recharge_pair
  UNION ALL
  SELECT payee AS council, service, delivery_year, delivery_period, 0.00 - eliminated AS amount FROM recharge_pair
),
paired AS (
  SELECT council, delivery_year, delivery_period, sum(amount) AS amount FROM side GROUP BY council, delivery_year, delivery_period
),
bridged AS (
  SELECT council, delivery_year, delivery_period, sum(amount) AS amount
  FROM cost_bridge WHERE item = 'recharge_eliminated'
  GROUP BY council, delivery_year, delivery_period
),
settled_period AS (SELECT DISTINCT delivery_year, delivery_period FROM settlement),
to_settle AS (
  SELECT s.council, s.service, s.delivery_year, s.delivery_period, sum(s.amount) AS amount
  FROM side AS s
  JOIN settled_period AS p ON p.delivery_year = s.delivery_year AND p.delivery_period = s.delivery_period
  GROUP BY s.council, s.service, s.delivery_year, s.delivery_period
),
settled AS (
  SELECT organisation AS council, service, delivery_year, delivery_period, sum(recharged) AS amount
  FROM settlement
  GROUP BY organisation, service, delivery_year, delivery_period
),
compared AS (
  SELECT 'all councils: what is eliminated does not cancel' AS what, delivery_year, delivery_period, sum(amount) AS difference
  FROM bridged
  GROUP BY delivery_year, delivery_period
  UNION ALL
  SELECT coalesce(b.council, p.council) || ': the bridge eliminates other pounds than its pairs' AS what,
    coalesce(b.delivery_year, p.delivery_year) AS delivery_year, coalesce(b.delivery_period, p.delivery_period) AS delivery_period,
    coalesce(b.amount, 0.00) - coalesce(p.amount, 0.00) AS difference
  FROM bridged AS b
  FULL JOIN paired AS p ON p.council = b.council AND p.delivery_year = b.delivery_year AND p.delivery_period = b.delivery_period
  UNION ALL
  SELECT coalesce(s.council, t.council) || ', ' || coalesce(s.service, t.service) || ': recharged in the settlement is not what its pairs are' AS what,
    coalesce(s.delivery_year, t.delivery_year) AS delivery_year, coalesce(s.delivery_period, t.delivery_period) AS delivery_period,
    coalesce(s.amount, 0.00) - coalesce(t.amount, 0.00) AS difference
  FROM settled AS s
  FULL JOIN to_settle AS t ON t.council = s.council AND t.service = s.service
    AND t.delivery_year = s.delivery_year AND t.delivery_period = s.delivery_period
)
SELECT what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
WHERE difference <> 0.00
