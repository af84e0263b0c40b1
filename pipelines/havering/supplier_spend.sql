SELECT
  payment_date,
  department,
  account_text,
  category_text,
  supplier,
  amount,
  irrecoverable_vat
FROM extract
