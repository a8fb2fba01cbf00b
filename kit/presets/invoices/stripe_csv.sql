-- Stripe's invoices from the Dashboard: one row per invoice, so subscription, usage and overage are not told apart.
-- Export: Billing > Invoices > Export, columns All, times in UTC. Where kinds matter take the lines: preset stripe.
-- Say the kind of them all, as in `set = { kind = "usage" }`. Amount: the total less its tax, on the day the invoice was
-- finalized. Without `decimal` a mark before other than three digits is a decimal mark, and 1,000 or 1.000 is refused,
-- since it may be either. A file that Excel has saved may have lost digits: export anew instead.
-- Refunds and credit notes are not in it.
--| utc = true
--| hint = "Say the kind of these invoices: set = { kind = \"usage\" }."
--| required = ["id", "Customer", "Status", "Currency", "Total", "Date (UTC)"]
--| optional = ["Tax", "Finalized At (UTC)"]
--| [aliases]
--| "Date (UTC)" = ["Created (UTC)", "Created date (UTC)"]
with amounts as (
    select
        *,
        list_transform(
            [trim("Total"), coalesce(nullif(trim("Tax"), ''), '0')],
            lambda text: if(notation_is_stated(), read_stated(text), read_unmistakable(text))
        ) as number
    from raw
)

select
    "id" as line_id,
    "Customer" as partner_id,
    coalesce(
        write_stated(number[1] - number[2]),
        "Total" || coalesce(' less ' || "Tax", '') || ' (is that mark one of decimals or of thousands? Set `decimal`, and `thousands` if there is one)'
    ) as amount,
    "Currency" as currency,
    coalesce(nullif(trim("Finalized At (UTC)"), ''), "Date (UTC)") as invoiced_at,
    "Status" as status,
    source,
    source_row
from amounts
