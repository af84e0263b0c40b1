-- What each department of published payments stands for on each day: the fund that bears what it pays.
--
-- Gives   council, department VARCHAR, valid_from, valid_to DATE → fund VARCHAR, capital BOOLEAN
--         Half-open spans, valid_to never null. A line whose cost centre gives a fund has that; one without a cost centre, such as a
--         payment, has its department's; else fund `unknown`, not capital.
SELECT council, department, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to, fund, capital
FROM department
ORDER BY council, department, valid_from
