SELECT
  'legal_minutes' AS driver,
  entry AS source_key,
  client AS organisation,
  cost_centre,
  minutes AS volume
FROM extract
