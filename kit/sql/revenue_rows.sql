-- Of how many invoice lines or transactions is each month's revenue?
-- Grain: month and kind; a line that is spread counts in each of its months. `$basis` is recognised or transacted.
with revenue as (
    select month, kind::varchar as kind, line_id, amount
    from recognised_revenue
    where $basis = 'recognised'
    union all
    select month, 'transactions', null, amount
    from transaction_value
    where $basis = 'transacted'
)

select
    month,
    kind,
    if($basis = 'recognised', count(distinct line_id), count(*))::bigint as rows,
    sum(amount)::decimal(38, 12) as amount
from revenue
where month between $first_month and $last_month
group by month, kind
order by month, kind
