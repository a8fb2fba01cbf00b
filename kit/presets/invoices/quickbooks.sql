-- QuickBooks Online's sales by customer, in detail: one row per line of an invoice, receipt, credit memo or refund.
-- Export: Reports > Sales by Customer Detail > Export to CSV. Titles above the header and totals are left out, and so
-- are estimates and payments. Say `dates = "%m/%d/%Y"`, `thousands = ","`, and
-- `set = { kind = "usage", currency = "USD" }`; QuickBooks tells neither.
-- Partner: the column Name or Customer, else the customer above the lines, by that name in `aliases`.
-- The report does not say what has been paid: every line counts as open. Credit memos and refunds are negative in it.
--| hint = "Say kind and currency of these invoices: set = { kind = \"usage\", currency = \"USD\" }."
--| header_within = 15
--| required = ["Date", "Transaction Type", "Num", "Amount"]
--| optional = ["Group", "Name", "Currency"]
--| [aliases]
--| Group = [""]
--| Date = ["Transaction date"]
--| Name = ["Customer", "Customer full name"]
with grouped as (
    select
        *,
        last_value(if(coalesce("Transaction Type", '') = '', nullif(trim("Group"), ''), null) ignore nulls) over (
            partition by source order by source_row
        ) as customer,
        row_number() over (partition by source, "Transaction Type", "Num" order by source_row) as position
    from raw
)

select
    "Transaction Type" || ' ' || coalesce("Num", '') || '/' || position as line_id,
    coalesce(nullif(trim("Name"), ''), customer) as partner_id,
    regexp_replace("Amount", '[$\s]', '', 'g') as amount,
    "Currency" as currency,
    "Date" as invoiced_at,
    'open' as status,
    source,
    source_row
from grouped
where lower("Transaction Type") in ('invoice', 'sales receipt', 'credit memo', 'refund receipt', 'refund')
order by source_row
