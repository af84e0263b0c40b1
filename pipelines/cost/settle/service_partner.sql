-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- The partners of each service on the last day of one delivery period.
SELECT DISTINCT service, organisation AS partner
FROM membership
WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
