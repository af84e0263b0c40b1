-- Blanket rates beside what is true, in one period.
SELECT blanket, kind, unit, base, blanket_amount, level_amount, true_amount, rate_effect, distribution_effect
FROM blanket_comparison WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY blanket, kind, unit
