-- What becomes of a line: the policy of classification, every case of it. The program looks a line up here and decides nothing.
--
-- Cases   must_know        its codes have to be in the reference tables: a ledger's; a payment's are texts, and need not be
--         actual           it is money that was booked, not a budget or a commitment
--         account_known    account.csv has a row for its account on its date
--         is_cost          that row says that the account is cost (a line whose account is not known counts as cost)
--         centre_known     cost_centre.csv has a row for its cost centre on its date
--         rule             code_class: `rule` where an ownership rule covers it, `none` where none does, `not_a_member` where its
--                          council is in no service of the partnership on that date
-- Gives   ownership VARCHAR, service VARCHAR, rule_id VARCHAR: the class; all three null: what the rule says.
--         Total: every case once, 96 rows.
--
-- In this order: what is no cost, or no actual, is nobody's; a line of a member whose account, and then whose cost centre, is not
-- known is in suspense; so is one that no rule covers; any other is what its rule says. The reason stands in rule_id.
WITH
yes_or_no AS (SELECT column1 AS said FROM (VALUES (true), (false))),
rule AS (SELECT column1 AS rule FROM (VALUES ('rule'), ('none'), ('not_a_member'))),
situation AS (
  SELECT m.said AS must_know, x.said AS actual, a.said AS account_known, i.said AS is_cost, c.said AS centre_known, r.rule
  FROM yes_or_no AS m CROSS JOIN yes_or_no AS x CROSS JOIN yes_or_no AS a CROSS JOIN yes_or_no AS i CROSS JOIN yes_or_no AS c CROSS JOIN rule AS r
),
reasoned AS (
  SELECT must_know, actual, account_known, is_cost, centre_known, rule,
    CASE
      WHEN NOT is_cost OR NOT actual THEN 'not_cost'
      WHEN must_know AND rule <> 'not_a_member' AND NOT account_known THEN 'no_account'
      WHEN must_know AND rule <> 'not_a_member' AND NOT centre_known THEN 'no_cost_centre'
      WHEN rule = 'none' THEN 'no_rule'
    END AS rule_id
  FROM situation
)
SELECT must_know, actual, account_known, is_cost, centre_known, rule,
  CASE WHEN rule_id = 'not_cost' THEN 'not_cost' WHEN rule_id IS NOT NULL THEN 'suspense' END AS ownership,
  CASE WHEN rule_id IS NOT NULL THEN 'none' END AS service,
  rule_id
FROM reasoned
ORDER BY must_know, actual, account_known, is_cost, centre_known, rule
