-- Xero's sales invoices: one row per invoice line.
-- Export: Business > Invoices > Export, CSV, of an organization whose amounts are tax exclusive; say how it writes days,
-- such as `dates = "%d/%m/%Y"`, and the kind, `set = { kind = "usage" }`. Numbers are in English notation
-- unless `decimal` or `thousands` is set.
-- Amount: LineAmount, or quantity times unit amount less the discount in percent. Lines of a credit note are negative.
-- Status: its column; a file without one says `set = { kind = "usage", status = "open" }`.
-- Partner: the contact, by its name in `aliases`.
--| hint = "Say kind and status of these invoices: set = { kind = \"usage\", status = \"open\" }."
--| header_within = 15
--| required = ["ContactName", "InvoiceNumber", "InvoiceDate", "Quantity", "UnitAmount"]
--| optional = ["Discount", "LineAmount", "Currency", "Status", "Type"]
--| [aliases]
--| ContactName = ["*ContactName"]
--| InvoiceNumber = ["*InvoiceNumber"]
--| InvoiceDate = ["*InvoiceDate"]
--| Quantity = ["*Quantity"]
--| UnitAmount = ["*UnitAmount"]
with numbers as (
    select
        *,
        list_transform(
            ["Quantity", "UnitAmount", coalesce(nullif(trim("Discount"), ''), '0'), "LineAmount"],
            lambda text: try_cast(
                if(notation_is_stated(), read_stated(trim(text)), read_number(trim(text), '.', ',')) as decimal(18, 4)
            )
        ) as number,
        row_number() over (partition by source, "InvoiceNumber" order by source_row) as position
    from raw
    where coalesce("InvoiceNumber", '') <> ''
),

amounts as (
    select
        *,
        if(
            nullif(trim("LineAmount"), '') is not null,
            number[4],
            ((number[1] * number[2])::decimal(28, 8) * ((100 - number[3]) * 0.01)::decimal(9, 4))::decimal(38, 12)
        ) as line_amount
    from numbers
)

select
    "InvoiceNumber" || '/' || position as line_id,
    "ContactName" as partner_id,
    coalesce(
        write_stated(if(lower("Type") like '%credit%', -abs(line_amount), line_amount)),
        coalesce("LineAmount", "Quantity" || ' times ' || "UnitAmount")
    ) as amount,
    "Currency" as currency,
    "InvoiceDate" as invoiced_at,
    case
        when lower("Status") = 'paid' then 'paid'
        when lower("Status") in ('awaiting payment', 'authorised', 'overdue') then 'open'
        when lower("Status") in ('draft', 'submitted', 'awaiting approval') then 'draft'
        when lower("Status") in ('voided', 'deleted') then 'void'
    end as status,
    source,
    source_row
from amounts
order by source_row
