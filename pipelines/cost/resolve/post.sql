-- The register of assignments that stands for the period: splits of posts, and what contributions go by.
--
-- Reads   assignment
--         declared_organisation, membership, customer   everybody who may bear cost, as in ownership_rule
-- Gives   council, assignment VARCHAR, valid_from, valid_to DATE (half-open), ownership, service, bearer VARCHAR (the class of a split;
--         all empty: the cost centre decides), weight BIGINT, ni_letter, ni_method, pension_fund VARCHAR
--
-- A split to a bearer whom nobody knows is faulty, as a rule that names one is: it has a weight below nought, which is none. One of nought gives
-- nobody anything, whomever it names. One to a company that is not named means the only one.
WITH
bearer AS (
  SELECT organisation AS bearer, kind FROM declared_organisation
  UNION
  SELECT organisation, 'customer' FROM membership WHERE role = 'customer'
  UNION
  SELECT customer, 'customer' FROM customer
),
known AS (
  SELECT bearer, max(CASE WHEN kind = 'company' THEN 1 ELSE 0 END) AS is_company,
    max(CASE WHEN kind IN ('company', 'customer') THEN 1 ELSE 0 END) AS is_served
  FROM bearer GROUP BY bearer
),
only_company AS (
  SELECT 'company' AS ownership, min(organisation) AS company FROM declared_organisation WHERE kind = 'company' HAVING count(*) = 1
),
post AS (
  SELECT a.council, a.assignment, a.valid_from, a.valid_to, a.ownership, a.service, coalesce(nullif(a.bearer, ''), c.company) AS bearer,
    a.weight, a.ni_letter, a.ni_method, a.pension_fund
  FROM assignment AS a LEFT JOIN only_company AS c ON c.ownership = a.ownership
)
SELECT p.council, p.assignment, p.valid_from, p.valid_to, p.ownership, p.service, p.bearer,
  CASE
    WHEN p.weight IS NULL OR p.weight <= 0 THEN p.weight
    WHEN p.bearer IS NULL AND p.ownership IN ('external', 'company') THEN -1
    WHEN p.bearer IS NOT NULL AND k.bearer IS NULL THEN -1
    WHEN p.ownership = 'company' AND k.is_company = 0 THEN -1
    WHEN p.ownership = 'external' AND k.is_served = 0 THEN -1
    ELSE p.weight END AS weight,
  p.ni_letter, p.ni_method, p.pension_fund
FROM post AS p LEFT JOIN known AS k ON k.bearer = p.bearer
