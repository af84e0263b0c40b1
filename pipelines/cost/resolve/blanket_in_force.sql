-- Blanket rates and weights that hold on the period's first day.
SELECT blanket, kind, base, scope, percent, weight
FROM blanket
WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
