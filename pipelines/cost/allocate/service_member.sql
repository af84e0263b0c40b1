-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- Councils that are members of each service on the first day of a period.
SELECT DISTINCT service, organisation AS council FROM membership
WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
