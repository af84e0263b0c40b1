-- The partner that the counterparty of one record is, by its name; no row where it is none of ours.
SELECT DISTINCT n.organisation
FROM (
  SELECT counterparty AS name FROM lake.ledger_line WHERE delivery_id = '$delivery' AND source_row = $row
  UNION ALL
  SELECT supplier AS name FROM lake.payment_line WHERE delivery_id = '$delivery' AND source_row = $row
) AS l
JOIN reference.organisation_name AS n ON lower(fold_code(n.name)) = lower(fold_code(l.name))
WHERE n.valid_from <= DATE '$day' AND (n.valid_to IS NULL OR DATE '$day' < n.valid_to)
