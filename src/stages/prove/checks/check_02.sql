-- Check 2: every journal balances, where the feed has a control by document.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': ' || control AS what,
  documents AS failed,
  difference
FROM delivery_control
WHERE NOT agreed AND by_document
