-- AWS's Cost and Usage Report, versions 1 and 2: one row per line item.
-- Export: every part of each month's latest version, CSV (gzipped or not) or Parquet. A month's earlier versions must
-- not be among the files: they hold the same charges again. Unzip what is zipped.
-- Days are those of UTC, by which AWS bills. Cost is the unblended cost: what the invoice says, with tax, credits,
-- refunds and commitment fees when charged.
-- FOCUS (preset focus) spreads commitments over what they bear. Only the API program's accounts or tags belong in the
-- files, or say the share with `set = { category = "infrastructure", allocation = "0.4" }`.
--| parts = true
--| identity = ["bill/PayerAccountId", "lineItem/UsageAccountId", "lineItem/LineItemType", "lineItem/UsageStartDate", "lineItem/UsageEndDate", "lineItem/ProductCode", "lineItem/UsageType", "lineItem/Operation", "lineItem/AvailabilityZone", "lineItem/ResourceId", "lineItem/LineItemDescription", "bill_payer_account_id", "line_item_usage_account_id", "line_item_line_item_type", "line_item_usage_start_date", "line_item_usage_end_date", "line_item_product_code", "line_item_usage_type", "line_item_operation", "line_item_availability_zone", "line_item_resource_id", "line_item_line_item_description"]
--| required = ["line_item_usage_start_date", "line_item_unblended_cost", "line_item_currency_code"]
--| [aliases]
--| line_item_usage_start_date = ["lineItem/UsageStartDate"]
--| line_item_unblended_cost = ["lineItem/UnblendedCost"]
--| line_item_currency_code = ["lineItem/CurrencyCode"]
select
    utc_day("line_item_usage_start_date") as date,
    "line_item_unblended_cost" as amount,
    "line_item_currency_code" as currency,
    source,
    source_row
from raw
