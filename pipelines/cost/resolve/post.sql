-- The register of assignments that stands for the period: splits of posts, and what contributions go by.
--
-- Gives   council, assignment VARCHAR, valid_from, valid_to DATE (half-open), ownership, service, bearer VARCHAR (the class of a split;
--         all empty: the cost centre decides), weight BIGINT, ni_letter, ni_method, pension_fund VARCHAR
SELECT council, assignment, valid_from, valid_to, ownership, service, bearer, weight, ni_letter, ni_method, pension_fund
FROM assignment
