SELECT 'headcount' AS driver, centre AS cost_centre, volume FROM extract
