-- What is the program's cost made of?
-- Grain: one row per quarter and category, the largest first.
select
    months.quarter,
    program_costs.category,
    sum(program_costs.amount)::decimal(38, 12) as amount
from program_costs
inner join months using (month)
group by months.quarter, program_costs.category
order by months.quarter, amount desc, program_costs.category
