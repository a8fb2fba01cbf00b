-- Salesforce's won opportunities: one row per opportunity, on the day it closed.
-- Export: Data Loader > Opportunity, CSV with API names, of the deals that came through integrations.
-- Partner: the account's id, as in the preset of partners or in `aliases`. An organization of one currency has no
-- CurrencyIsoCode: say `set = { currency = "USD" }`.
--| required = ["AccountId", "Amount", "CloseDate", "IsWon"]
--| optional = ["CurrencyIsoCode", "IsDeleted"]
select
    "CloseDate" as date,
    "AccountId" as partner_id,
    "Amount" as amount,
    "CurrencyIsoCode" as currency,
    source,
    source_row
from raw
where lower("IsWon") in ('true', '1')
    and lower(coalesce("IsDeleted", 'false')) not in ('true', '1')
