-- The directorate is what the other councils call a department.
SELECT
  payment_date,
  directorate AS department,
  service_area AS service_text,
  account_text,
  supplier,
  supplier_ref,
  amount,
  irrecoverable_vat,
  reference
FROM extract
