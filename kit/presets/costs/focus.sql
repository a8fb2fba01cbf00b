-- A cloud bill in FOCUS 1.0 to 1.2 (AWS, Azure, Google, Oracle): one row per charge.
-- Export: the provider's FOCUS export, CSV or Parquet. Say what it is with `set = { category = "infrastructure" }`,
-- and the program's share with `set = { allocation = "0.8" }`.
-- Days are those of UTC, by which clouds bill. Cost is EffectiveCost: what the charge period bears, commitments spread;
-- tax and corrections included.
--| parts = true
--| identity = ["BillingAccountId", "SubAccountId", "ResourceId", "ServiceName", "SkuId", "SkuPriceId", "RegionId", "AvailabilityZone", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "CommitmentDiscountId", "ChargePeriodStart", "ChargePeriodEnd"]
--| required = ["ChargePeriodStart", "EffectiveCost", "BillingCurrency"]
select
    utc_day("ChargePeriodStart") as date,
    regexp_replace("EffectiveCost"::varchar, '[$€£¥\s]', '', 'g') as amount,
    "BillingCurrency" as currency,
    source,
    source_row
from raw
