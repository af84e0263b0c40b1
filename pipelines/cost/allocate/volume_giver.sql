-- Volumes that somebody used, for each service that gives by their driver, and why that service cannot use them.
--
-- Reads   volume_use, driver_giver, driver_lack, membership, agreement
-- Gives   driver, giver, council, delivery_id, to_service, used_as (its to_ownership in volume_use), to_bearer VARCHAR, age BIGINT → to_ownership,
--         reason VARCHAR (null: it can), volume BIGINT. giver empty: no service gives by this driver, or the driver is not whole.
--         Without cost centres: what they are made of is many times as many rows, and nothing here asks for them.
--
-- A council uses a service of which it is a member on the last day of the period; where it has an agreement for it instead, as one that has
-- left, it uses it as a customer does. A final service gives to no service, but for itself, which is dropped afterwards and shown. A driver that lacks a feed is not there: what did come of it is listed, and is in no denominator.
-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
WITH
used AS (
  SELECT driver, council, delivery_id, age, to_service, to_ownership, to_bearer, sum(volume) AS volume
  FROM volume_use WHERE reason IS NULL
  GROUP BY driver, council, delivery_id, age, to_service, to_ownership, to_bearer
),
member AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
served AS (
  SELECT DISTINCT customer, service FROM agreement WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
)
SELECT u.driver, CASE WHEN l.driver IS NULL THEN coalesce(g.service, '') ELSE '' END AS giver, u.council, u.delivery_id,
  u.to_service, u.to_ownership AS used_as,
  CASE WHEN s.customer IS NULL OR m.organisation IS NOT NULL THEN u.to_ownership ELSE 'external' END AS to_ownership, u.to_bearer, u.age,
  CASE
    WHEN l.driver IS NOT NULL THEN 'not_whole'
    WHEN g.service IS NULL THEN 'no_giver'
    WHEN u.to_service = '' AND u.to_ownership = 'shared' AND m.organisation IS NULL AND s.customer IS NULL THEN 'not_a_member'
    WHEN u.to_bearer = '' AND u.to_service <> g.service AND g.kind = 'final' THEN 'final_gives' END AS reason,
  u.volume
FROM used AS u
LEFT JOIN driver_lack AS l ON l.driver = u.driver
LEFT JOIN driver_giver AS g ON g.driver = u.driver AND l.driver IS NULL
LEFT JOIN member AS m ON m.organisation = u.to_bearer AND m.service = g.service
LEFT JOIN served AS s ON s.customer = u.to_bearer AND s.service = g.service AND u.to_service = '' AND u.to_ownership = 'shared'
