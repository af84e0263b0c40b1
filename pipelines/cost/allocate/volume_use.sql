-- Volumes of a period, each with who used it: the same rules place a volume that place cost.
--
-- Reads   driver_row, volume_class, driver, customer, declared_organisation(organisation, kind), declared_service(service, kind)
-- Gives   driver, council, cost_centre, delivery_id VARCHAR, age BIGINT → to_service, to_ownership, to_bearer, reason VARCHAR, volume BIGINT
--         to_service empty = the service whose driver it is; reason null = somebody used it.
--
-- In this order: another organisation than the feed's council used it, whatever cost centre stands beside; a cost centre means what it means
-- for cost; a service; the organisation, or the feed's council. In a feed of the partnership (`shared`) every council is its own, and a cost
-- centre without an organisation is none; `shared` is its own in every feed, for as an organisation it bears nothing. What is derived has a cost
-- centre or no place: a post or a payslip without one is not its council's.
WITH
driver_now AS (
  SELECT driver, fed_by LIKE 'derived:%' AS is_derived FROM driver WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
customer_now AS (
  SELECT customer, kind FROM customer WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
known AS (
  SELECT r.driver, r.council, r.delivery_id, r.organisation, r.cost_centre, r.service, r.age, r.volume,
    n.driver IS NULL AS driver_is_unknown, coalesce(n.is_derived, false) AS is_derived,
    CASE WHEN o.kind IS NOT NULL THEN o.kind WHEN c.kind = 'company' THEN 'company' WHEN c.kind IS NOT NULL THEN 'external' ELSE '' END AS kind,
    CASE WHEN r.council <> 'shared' AND r.organisation <> 'shared' THEN r.council WHEN o.kind = 'council' THEN r.organisation ELSE '' END AS own,
    s.service IS NOT NULL AS service_is_known
  FROM driver_row AS r
  LEFT JOIN driver_now AS n ON n.driver = r.driver
  LEFT JOIN declared_organisation AS o ON o.organisation = r.organisation
  LEFT JOIN customer_now AS c ON c.customer = r.organisation
  LEFT JOIN declared_service AS s ON s.service = r.service
),
situated AS (
  SELECT k.driver, k.council, k.delivery_id, k.organisation, k.cost_centre, k.service, k.age, k.volume, k.kind, k.own,
    v.ownership, v.service AS class_service, v.bearer,
    CASE
      WHEN k.driver_is_unknown THEN 'unknown_driver'
      WHEN k.organisation <> '' AND k.organisation <> k.own THEN
        CASE k.kind WHEN 'council' THEN 'council' WHEN '' THEN 'unknown_organisation' ELSE 'customer' END
      WHEN k.cost_centre <> '' AND k.own <> '' THEN
        CASE WHEN v.ownership = 'suspense' THEN 'suspense' WHEN v.ownership = 'retained' THEN 'own' WHEN v.ownership = 'not_cost' THEN 'no_place'
          WHEN v.ownership = 'shared' THEN 'class_service' ELSE 'class' END
      WHEN k.service <> '' THEN CASE WHEN k.service_is_known THEN 'service' ELSE 'no_place' END
      WHEN k.own = '' OR k.is_derived THEN 'no_place'
      ELSE 'own' END AS place
  FROM known AS k LEFT JOIN volume_class AS v ON v.council = k.own AND v.cost_centre = k.cost_centre
),
placed AS (
  SELECT driver, council, cost_centre, delivery_id, age,
    CASE place WHEN 'class' THEN class_service WHEN 'class_service' THEN class_service WHEN 'service' THEN service ELSE '' END AS to_service,
    CASE place WHEN 'customer' THEN kind WHEN 'class' THEN ownership ELSE 'shared' END AS to_ownership,
    CASE place WHEN 'council' THEN organisation WHEN 'customer' THEN organisation WHEN 'own' THEN own
      WHEN 'class' THEN coalesce(nullif(bearer, ''), own) ELSE '' END AS to_bearer,
    CASE WHEN place IN ('suspense', 'unknown_driver', 'unknown_organisation', 'no_place') THEN place END AS reason,
    volume
  FROM situated
)
SELECT driver, council, cost_centre, delivery_id, age, to_service, to_ownership, to_bearer, reason, sum(volume) AS volume
FROM placed
GROUP BY driver, council, cost_centre, delivery_id, age, to_service, to_ownership, to_bearer, reason
