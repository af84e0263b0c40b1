-- Ledger lines that payroll sent, of the councils whose pay is there for the period. What they are, `resolve` looks up in pay_place.
--
-- Reads   payroll_journal   reference: journal source and document, each a pattern as in ownership_rule (exact, ABC*, A..B; empty = any)
--         pay_line          only which councils have any
-- Gives   council, feed, delivery_id VARCHAR, source_row BIGINT, project, cost_centre, account VARCHAR, day DATE (the posting date),
--         amount: each line once, however many rows of payroll_journal cover it
--
-- A row holds on the posting date, brought into the period. Codes and patterns are compared without characters that nobody sees.
WITH
paid AS (SELECT DISTINCT council FROM pay_line),
journal AS (
  SELECT j.council, j.valid_from, coalesce(j.valid_to, DATE '9999-12-31') AS valid_to,
    coalesce(fold_code(j.journal_source), '') AS source, coalesce(fold_code(j.document), '') AS document
  FROM payroll_journal AS j JOIN paid AS p ON p.council = j.council
),
pattern AS (
  SELECT council, valid_from, valid_to, source, document,
    source = '' AS any_source, right(source, 1) = '*' AS source_prefix, strpos(source, '..') > 1 AS source_range,
    left(source, greatest(character_length(source) - 1, 0)) AS source_start,
    split_part(source, '..', 1) AS source_first, split_part(source, '..', 2) AS source_last,
    document = '' AS any_document, right(document, 1) = '*' AS document_prefix, strpos(document, '..') > 1 AS document_range,
    left(document, greatest(character_length(document) - 1, 0)) AS document_start,
    split_part(document, '..', 1) AS document_first, split_part(document, '..', 2) AS document_last
  FROM journal
),
line AS (
  SELECT council, feed, delivery_id, source_row, project, cost_centre, account, amount, fold_code(journal_source) AS journal_source,
    fold_code(document) AS document, posting_date AS day, greatest($first_day, least(coalesce(posting_date, $as_at), $as_at)) AS effective
  FROM ledger_line
  WHERE balance_type = 'actual' AND delivery_year = $fiscal_year AND delivery_period = $period
)
SELECT l.council, l.feed, l.delivery_id, l.source_row, fold_code(l.project) AS project, fold_code(l.cost_centre) AS cost_centre,
  fold_code(l.account) AS account, l.day, l.amount
FROM line AS l
WHERE EXISTS (
  SELECT 1 FROM pattern AS p
  WHERE p.council = l.council AND p.valid_from <= l.effective AND l.effective < p.valid_to
    AND (p.any_source
      OR (NOT p.source_prefix AND p.source = l.journal_source)
      OR (p.source_prefix AND starts_with(l.journal_source, p.source_start))
      OR (p.source_range AND character_length(l.journal_source) = character_length(p.source_first)
        AND l.journal_source >= p.source_first AND l.journal_source <= p.source_last))
    AND (p.any_document
      OR (NOT p.document_prefix AND p.document = l.document)
      OR (p.document_prefix AND starts_with(l.document, p.document_start))
      OR (p.document_range AND character_length(l.document) = character_length(p.document_first)
        AND l.document >= p.document_first AND l.document <= p.document_last)))
