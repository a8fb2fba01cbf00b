-- What did the program bring in, each quarter?
-- Grain: one row per quarter, quarters without revenue included.
with recognised as (
    select months.quarter, sum(amount) as recognised
    from recognised_revenue
    inner join months using (month)
    group by months.quarter
),

transacted as (
    select months.quarter, sum(amount) as transacted
    from transaction_value
    inner join months using (month)
    group by months.quarter
),

unrealized as (
    select months.quarter, sum(amount) as unrealized
    from unrealized_revenue
    inner join months using (month)
    where is_base
    group by months.quarter
)

select
    quarters.quarter,
    coalesce(recognised.recognised, 0)::decimal(38, 12) as recognised,
    coalesce(transacted.transacted, 0)::decimal(38, 12) as transacted,
    coalesce(unrealized.unrealized, 0)::decimal(38, 12) as unrealized
from quarters
left join recognised using (quarter)
left join transacted using (quarter)
left join unrealized using (quarter)
order by quarters.first_day
