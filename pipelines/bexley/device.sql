SELECT
  'devices' AS driver,
  cost_centre,
  volume
FROM extract
