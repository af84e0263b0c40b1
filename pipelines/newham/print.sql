SELECT
  'print_pages' AS driver,
  council AS organisation,
  cost_centre,
  pages AS volume
FROM extract
