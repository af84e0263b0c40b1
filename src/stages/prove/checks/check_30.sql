-- Check 30: the settlement is of the whole of what was allocated; its balances are what their parts say, and sum to nought for each kind and
-- service; pairs are antisymmetric and sum to the balances; payments clear them. A trading result is of all that the customer bears of the
-- service from others' ledgers, and the partners carry the whole of it.
WITH
part AS (
  SELECT service, council AS organisation, delivery_year, delivery_period, amount AS incurred, 0.00 AS to_bear FROM allocated_cost
  UNION ALL
  SELECT service, bearer AS organisation, delivery_year, delivery_period, 0.00 AS incurred, amount AS to_bear FROM allocated_cost
),
allocated AS (
  SELECT service, organisation, delivery_year, delivery_period, sum(incurred) AS incurred, sum(to_bear) AS to_bear
  FROM part
  GROUP BY service, organisation, delivery_year, delivery_period
),
cost AS (SELECT service, organisation, delivery_year, delivery_period, incurred, to_bear FROM settlement WHERE kind = 'cost'),
borne AS (
  SELECT final_service AS service, bearer AS customer, delivery_year, delivery_period, sum(amount) AS amount
  FROM allocated_cost
  WHERE bearer <> council
  GROUP BY final_service, bearer, delivery_year, delivery_period
),
carried AS (
  SELECT service, customer, delivery_year, delivery_period, sum(amount) AS amount
  FROM trading_share
  GROUP BY service, customer, delivery_year, delivery_period
),
owed AS (
  SELECT kind, service, debtor AS organisation, delivery_year, delivery_period, sum(amount) AS amount
  FROM settlement_pair
  GROUP BY kind, service, debtor, delivery_year, delivery_period
),
net AS (
  SELECT organisation, delivery_year, delivery_period, balance AS amount FROM settlement
  UNION ALL
  SELECT payer AS organisation, delivery_year, delivery_period, 0.00 - amount AS amount FROM payment_to_make
  UNION ALL
  SELECT payee AS organisation, delivery_year, delivery_period, amount FROM payment_to_make
),
compared AS (
  SELECT kind || ' of ' || service || ': balances do not sum to nought' AS what, delivery_year, delivery_period, sum(balance) AS difference
  FROM settlement
  GROUP BY kind, service, delivery_year, delivery_period
  UNION ALL
  SELECT kind || ' of ' || service || ', ' || organisation || ': the balance is not what its parts are' AS what, delivery_year, delivery_period,
    balance - (to_bear - incurred - recharged) AS difference
  FROM settlement
  UNION ALL
  SELECT 'cost of ' || coalesce(s.service, a.service) || ', ' || coalesce(s.organisation, a.organisation) || ': incurred is not what was allocated' AS what,
    coalesce(s.delivery_year, a.delivery_year) AS delivery_year, coalesce(s.delivery_period, a.delivery_period) AS delivery_period,
    coalesce(s.incurred, 0.00) - coalesce(a.incurred, 0.00) AS difference
  FROM cost AS s
  FULL JOIN allocated AS a ON a.service = s.service AND a.organisation = s.organisation
    AND a.delivery_year = s.delivery_year AND a.delivery_period = s.delivery_period
  UNION ALL
  SELECT 'cost of ' || coalesce(s.service, a.service) || ', ' || coalesce(s.organisation, a.organisation) || ': to bear is not what was allocated' AS what,
    coalesce(s.delivery_year, a.delivery_year) AS delivery_year, coalesce(s.delivery_period, a.delivery_period) AS delivery_period,
    coalesce(s.to_bear, 0.00) - coalesce(a.to_bear, 0.00) AS difference
  FROM cost AS s
  FULL JOIN allocated AS a ON a.service = s.service AND a.organisation = s.organisation
    AND a.delivery_year = s.delivery_year AND a.delivery_period = s.delivery_period
  UNION ALL
  SELECT a.kind || ' of ' || a.service || ': ' || a.debtor || ' and ' || a.creditor || ' do not owe each other the same' AS what,
    a.delivery_year, a.delivery_period, CASE WHEN b.amount IS NULL THEN a.amount ELSE a.amount + b.amount END AS difference
  FROM settlement_pair AS a
  LEFT JOIN settlement_pair AS b ON b.kind = a.kind AND b.service = a.service AND b.debtor = a.creditor AND b.creditor = a.debtor
    AND b.delivery_year = a.delivery_year AND b.delivery_period = a.delivery_period
  UNION ALL
  SELECT coalesce(s.kind, o.kind) || ' of ' || coalesce(s.service, o.service) || ': what ' || coalesce(s.organisation, o.organisation)
      || ' owes the others is not its balance' AS what,
    coalesce(s.delivery_year, o.delivery_year) AS delivery_year, coalesce(s.delivery_period, o.delivery_period) AS delivery_period,
    coalesce(o.amount, 0.00) - coalesce(s.balance, 0.00) AS difference
  FROM settlement AS s
  FULL JOIN owed AS o ON o.kind = s.kind AND o.service = s.service AND o.organisation = s.organisation
    AND o.delivery_year = s.delivery_year AND o.delivery_period = s.delivery_period
  UNION ALL
  SELECT 'trading of ' || t.service || ' with ' || t.customer || ': the surplus is not what its parts are' AS what, t.delivery_year, t.delivery_period,
    t.surplus - (t.income - t.direct - t.own_service - t.overhead) AS difference
  FROM trading_result AS t
  UNION ALL
  SELECT 'trading of ' || t.service || ' with ' || t.customer || ': the result is not of all that the customer bears' AS what, t.delivery_year,
    t.delivery_period, t.surplus + coalesce(b.amount, 0.00) AS difference
  FROM trading_result AS t
  LEFT JOIN borne AS b ON b.service = t.service AND b.customer = t.customer
    AND b.delivery_year = t.delivery_year AND b.delivery_period = t.delivery_period
  UNION ALL
  SELECT 'trading of ' || t.service || ' with ' || t.customer || ': the partners do not carry the whole result' AS what, t.delivery_year,
    t.delivery_period, t.surplus + coalesce(c.amount, 0.00) AS difference
  FROM trading_result AS t
  LEFT JOIN carried AS c ON c.service = t.service AND c.customer = t.customer
    AND c.delivery_year = t.delivery_year AND c.delivery_period = t.delivery_period
  UNION ALL
  SELECT organisation || ': payments do not clear what it owes' AS what, delivery_year, delivery_period, sum(amount) AS difference
  FROM net
  GROUP BY organisation, delivery_year, delivery_period
)
SELECT what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
WHERE difference <> 0.00
