-- What the use of a service costs those who bear it, with what is in it and what is missing: pay, on-costs and the rest that arise in the
-- service itself, income, and what comes of all other services.
WITH
part AS (
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, account_group, on_cost, service, amount,
    CASE WHEN account_group = 'income' THEN 'income' WHEN service <> final_service THEN 'overhead' WHEN on_cost THEN 'on_cost'
      WHEN account_group = 'employees' THEN 'pay' ELSE 'other' END AS component
  FROM allocated_cost
)
SELECT final_service, final_ownership, bearer, delivery_year, delivery_period,
  sum(CASE WHEN component = 'pay' THEN amount ELSE CAST(0 AS DECIMAL(18,2)) END) AS pay,
  sum(CASE WHEN component = 'on_cost' THEN amount ELSE CAST(0 AS DECIMAL(18,2)) END) AS on_cost,
  sum(CASE WHEN component = 'other' THEN amount ELSE CAST(0 AS DECIMAL(18,2)) END) AS other,
  sum(CASE WHEN component = 'income' THEN amount ELSE CAST(0 AS DECIMAL(18,2)) END) AS income,
  sum(CASE WHEN component = 'overhead' THEN amount ELSE CAST(0 AS DECIMAL(18,2)) END) AS overhead,
  sum(amount) AS amount,
  trim(
    CASE WHEN max(CASE WHEN starts_with(account_group, 'depreciation') THEN 1 ELSE 0 END) = 1 THEN '' ELSE 'depreciation ' END
    || CASE WHEN max(CASE WHEN on_cost THEN 1 ELSE 0 END) = 1 THEN '' ELSE 'on_cost ' END
    || CASE WHEN max(CASE WHEN service <> final_service THEN 1 ELSE 0 END) = 1 THEN '' ELSE 'overhead ' END
    || CASE WHEN max(CASE WHEN account_group = 'premises' THEN 1 ELSE 0 END) = 1 THEN '' ELSE 'premises ' END) AS missing
FROM part
GROUP BY final_service, final_ownership, bearer, delivery_year, delivery_period
