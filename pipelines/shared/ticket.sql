SELECT
  'ticket_minutes' AS driver,
  ticket AS source_key,
  council AS organisation,
  cost_centre,
  minutes AS volume
FROM extract
