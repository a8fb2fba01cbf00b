-- Lago's fees with their invoices: one row per fee; amounts are in cents.
-- Export: Invoices > Export, twice: as invoices and as fees, both CSV; both files in one export.
-- The fees' file has neither customer nor status, so both come from the invoice. Partner: the customer's external id.
-- Amounts are net of tax. Prepaid credits (fee type credit) are no revenue until used, and are left out; credit notes
-- are not in either file. A service period within a day is none: the fee falls on the invoice's day.
--| keys = [["fee_lago_id", "lago_id"], ["invoice_lago_id", "customer_external_id"]]
--| hint = "Lago: put both exports in one block, the invoices and their fees."
--| optional = ["lago_id", "customer_external_id", "status", "payment_status", "invoice_lago_id", "invoice_issuing_date", "fee_lago_id", "fee_item_type", "fee_from_date", "fee_to_date", "fee_amount_currency", "fee_taxes_amount_cents", "fee_total_amount_cents"]
--| [aliases]
--| fee_from_date = ["fee_from_date_utc"]
--| fee_to_date = ["fee_to_date_utc"]
--| [settings]
--| amounts = "minor"
with invoices as (
    select
        lago_id,
        any_value(customer_external_id) as partner_id,
        any_value(
            case
                when status = 'voided' then 'void'
                when status <> 'finalized' then 'draft'
                when payment_status = 'succeeded' then 'paid'
                else 'open'
            end
        ) as invoice_status
    from raw
    where lago_id <> ''
    group by lago_id
),

dated as (
    select
        *,
        if(length(fee_from_date) > 10, try_cast(replace(fee_from_date, ' UTC', 'Z') as timestamptz), null) as first_moment,
        -- The last second of the last day.
        if(
            length(fee_to_date) > 10, try_cast(replace(fee_to_date, ' UTC', 'Z') as timestamptz) + interval 1 second, null
        ) as end_moment,
        if(length(fee_from_date) = 10, try_cast(fee_from_date as date), null) as first_day,
        if(length(fee_to_date) = 10, try_cast(fee_to_date as date) + 1, null) as end_day
    from raw
),

fees as (
    select *, coalesce(end_day - first_day > 1, end_moment - first_moment >= interval 25 hours, false) as has_period
    from dated
    where (fee_lago_id <> '' or lago_id is null)
        and fee_item_type is distinct from 'credit'
)

select
    fees.fee_lago_id as line_id,
    invoices.partner_id,
    case
        when fees.fee_item_type in ('subscription', 'commitment', 'fixed_charge') then 'subscription'
        when fees.fee_item_type = 'charge' then 'usage'
        else 'other'
    end as kind,
    try_cast(fees.fee_total_amount_cents as bigint)
    - if(coalesce(fees.fee_taxes_amount_cents, '') = '', 0, try_cast(fees.fee_taxes_amount_cents as bigint)) as amount,
    fees.fee_amount_currency as currency,
    fees.invoice_issuing_date as invoiced_at,
    if(fees.has_period, coalesce(fees.first_day::varchar, fees.first_moment::varchar), null) as service_start,
    if(fees.has_period, coalesce(fees.end_day::varchar, fees.end_moment::varchar), null) as service_end,
    invoices.invoice_status as status,
    fees.source,
    fees.source_row
from fees
left join invoices
    on invoices.lago_id = fees.invoice_lago_id
order by fees.source_row
