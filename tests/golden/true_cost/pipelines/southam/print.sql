SELECT 'print_pages' AS driver, centre AS cost_centre, pages AS volume FROM extract
