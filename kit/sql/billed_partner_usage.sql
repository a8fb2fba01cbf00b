-- What is there to bill, if the calls of one operation are free?
-- Grain: that of partner_usage, without the rows of the operation $free.
from main.partner_usage
where operation is distinct from $free
